# The standard environment for Linux. All of it comes from one statically linked program.
{
  lib,
  system,
  config,
}:
rec {
  busybox = import ./busybox.nix { inherit lib system; };
  fetchurl = import ../../build-support/fetchurl { inherit lib system busybox; };
  stdenv = import ../generic {
    inherit
      lib
      system
      config
      busybox
      ;
  };
}
