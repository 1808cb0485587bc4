{ callPackage }:

callPackage ./generic.nix { } {
  version = "15.12";
  hash = "sha256-RHsKmOFHndzTpVmsjdhYfM3VuuHBZc7Mr7W/WGL+hfg=";
}
