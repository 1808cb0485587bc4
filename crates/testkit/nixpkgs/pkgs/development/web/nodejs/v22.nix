{ callPackage }:

callPackage ./nodejs.nix { } {
  version = "22.16.0";
  hash = "sha256-2ILyahSoOG+UPc0aazW3ndJ/5kRKDqN1C20LgqxdKt8=";
}
