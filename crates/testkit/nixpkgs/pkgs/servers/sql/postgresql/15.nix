{ callPackage }:

callPackage ./generic.nix { } {
  version = "15.12";
  hash = "sha256-1hpWMv74yVtwipFg8w4eKbX5IHAy6r6H1RvUenjMqyo=";
}
