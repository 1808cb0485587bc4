{ callPackage }:

callPackage ./generic.nix { } {
  version = "16.8";
  hash = "sha256-y2cD8sGRLf62STxIePva7uaYap2V5k+8ZajBT/6zE6U=";
}
