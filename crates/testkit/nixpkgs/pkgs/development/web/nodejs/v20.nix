{ callPackage }:

callPackage ./nodejs.nix { } {
  version = "20.19.2";
  hash = "sha256-A++hge3jplTA9d916e/FE5wbTHOtB7S83n7K4d182YA=";
}
