# The standard environment: `mkDerivation`, and what it needs to know.
{
  lib,
  system,
  config,
  busybox,
}:
let
  shell = "${busybox}/bin/sh";
in
{
  inherit shell system;
  hostPlatform = { inherit system; isLinux = true; };
  inherit
    (import ./make-derivation.nix {
      inherit
        lib
        system
        config
        busybox
        shell
        ;
    })
    mkDerivation
    ;
}
