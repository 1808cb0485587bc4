{ callPackage }:

callPackage ./generic.nix { } {
  version = "1.28.0";
  hash = "sha256-jKPj/aH/KFLKUGqsY63MWkm3XRxGl9XwSUwWM88HPRI=";
}
