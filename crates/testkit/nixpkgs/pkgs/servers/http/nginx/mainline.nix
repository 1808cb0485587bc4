{ callPackage }:

callPackage ./generic.nix { } {
  pname = "nginx-mainline";
  version = "1.27.5";
  hash = "sha256-9prfKf7ACV+g3oWuLEbcb0Mv59vOnTkNqTMPH9/x6eg=";
}
