{ callPackage }:

callPackage ./nodejs.nix { } {
  version = "22.16.0";
  hash = "sha256-EkeRMtVdS5dOx43eu/aQviHL5+UYJahgLxQAzFAE53M=";
}
