{ callPackage }:

callPackage ./generic.nix { } {
  version = "16.8";
  hash = "sha256-faGwnP+OIEAG3/TGtO5npLr0pt95l19+fMaM+kWUWrE=";
}
