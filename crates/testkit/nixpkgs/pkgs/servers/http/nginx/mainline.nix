{ callPackage }:

callPackage ./generic.nix { } {
  pname = "nginx-mainline";
  version = "1.27.5";
  hash = "sha256-AKmiKd4atnUaqblVUNGW803FHCdDEpAkjHr/LbH/gCY=";
}
