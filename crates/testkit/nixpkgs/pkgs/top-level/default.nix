# The package set: a fixed point of stages, each a function of the final set and the one before.
{
  localSystem,
  config,
  overlays,
}:
let
  lib = import ../../lib;
  inherit (localSystem) system;

  stdenvStage = self: {
    inherit lib config system;
    # Everything, for what wants a package by a name that it has to work out.
    pkgs = self;
    callPackage = lib.callPackageWith self;
    inherit
      (import ../stdenv/linux {
        inherit lib system config;
      })
      busybox
      fetchurl
      stdenv
      ;
    # Packages that are not this set's own, for overlays that need the set without them.
    path = ../..;
  };

  stages = [
    (import ../build-support/trivial-builders)
    (import ./by-name-overlay.nix { inherit lib; } ../by-name)
    (import ./all-packages.nix)
    (import ./aliases.nix)
  ];
in
lib.fix (builtins.foldl' (base: overlay: lib.extends overlay base) stdenvStage (stages ++ overlays))
