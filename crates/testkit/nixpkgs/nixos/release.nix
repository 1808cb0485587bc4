# The jobs of a channel.
#
#     nix-build nixos/release.nix -A nixpkgs.mastodon
#     nix-build nixos/release.nix -A tests.mastodon
#     nix-build nixos/release.nix -A tested
{
  nixpkgs ? {
    outPath = ../.;
    revCount = 56789;
    shortRev = "gfedcba";
  },
  stableBranch ? false,
  system ? builtins.currentSystem,
}:
let
  pkgs = import nixpkgs { inherit system; };
  inherit (pkgs) lib;

  version = lib.trivial.release;
  versionSuffix = (if stableBranch then "." else "pre") + "${toString nixpkgs.revCount}.${nixpkgs.shortRev}";

  byName = builtins.concatMap builtins.attrNames (
    lib.mapAttrsToList (shard: _: builtins.readDir (../pkgs/by-name + "/${shard}")) (
      builtins.readDir ../pkgs/by-name
    )
  );

  # What all-packages.nix adds to `pkgs/by-name`.
  topLevel = [
    "busybox"
    "mastodon"
    "nginx"
    "nginxMainline"
    "nodejs"
    "openssh"
    "openssl"
    "perl"
    "postgresql"
    "postgresql_15"
    "python3"
    "ruby"
  ];

  jobs = {
    nixpkgs = lib.genAttrs (byName ++ topLevel) (name: pkgs.${name});

    tests = pkgs.nixosTests;

    tested = pkgs.releaseTools.aggregate {
      name = "nixos-${version}${versionSuffix}";
      constituents = builtins.attrValues jobs.tests ++ [
        jobs.nixpkgs.curl
        jobs.nixpkgs.git
        jobs.nixpkgs.openssl
        jobs.nixpkgs.python3
        jobs.nixpkgs.vim
      ];
      meta.description = "Release-critical builds for the NixOS channel";
    };
  };
in
jobs
