# The program, as a package for NixOS: pkgs.callPackage ./deploy/nixos/package.nix { }
#
# Its tests need a Nix store, PostgreSQL and a browser, and run in Picket's own checks instead.
{
  lib,
  rustPlatform,
}:

let
  root = ../..;
in
rustPlatform.buildRustPackage {
  pname = "picket";
  inherit ((lib.importTOML (root + "/Cargo.toml")).workspace.package) version;

  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions (
      map (name: root + "/${name}") [
        "Cargo.lock"
        "Cargo.toml"
        "crates"
        "migrations"
        "tests"
        "web"
        "xtask"
      ]
    );
  };
  cargoLock.lockFile = root + "/Cargo.lock";
  cargoBuildFlags = [
    "--package"
    "picket"
  ];
  doCheck = false;

  meta = {
    description = "A security channel for Nix: a stable channel plus the fixes that a team approved";
    license = with lib.licenses; [
      asl20
      mit
    ];
    mainProgram = "picket";
    platforms = lib.platforms.linux;
  };
}
