# Every `pkgs/by-name/<first two letters>/<name>/package.nix` as the attribute `<name>`.
{ lib }:
baseDirectory:
let
  namesForShard =
    shard: type:
    lib.optionalAttrs (type == "directory") (
      builtins.mapAttrs (name: _: baseDirectory + "/${shard}/${name}/package.nix") (
        builtins.readDir (baseDirectory + "/${shard}")
      )
    );
  packageFiles = lib.mergeAttrsList (lib.mapAttrsToList namesForShard (builtins.readDir baseDirectory));
in
self: super: builtins.mapAttrs (name: file: self.callPackage file { }) packageFiles
