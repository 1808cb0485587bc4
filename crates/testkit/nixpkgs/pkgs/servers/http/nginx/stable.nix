{ callPackage }:

callPackage ./generic.nix { } {
  version = "1.28.0";
  hash = "sha256-mIfu0EFXoEbJC4WbBfIYqe1DnVanTZqjIBu1U2G/afE=";
}
