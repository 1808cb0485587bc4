{ callPackage }:

callPackage ./nodejs.nix { } {
  version = "20.19.2";
  hash = "sha256-QhJ5Md9Tcj/vBx8OkOQZDtYaYmppLxgp3WL8XBiEx0M=";
}
