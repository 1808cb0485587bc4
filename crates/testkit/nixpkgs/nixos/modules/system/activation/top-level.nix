# The system itself, with what is to be replaced in it replaced.
{ config, lib, pkgs, ... }:
let
  inherit (config.system.replaceDependencies) replacements;
  baseSystem =
    pkgs.runCommand "nixos-system-${config.system.nixos.label}"
      {
        packages = config.environment.systemPackages;
      }
      ''
        mkdir -p "$out/sw/bin" "$out/etc"
        for package in $packages; do
            for program in "$package"/bin/*; do ln -s "$program" "$out/sw/bin/"; done
        done
        ${lib.concatMapStrings (name: ''
          mkdir -p "$(dirname "$out/etc/${name}")"
          ln -s ${config.environment.etc.${name}} "$out/etc/${name}"
        '') (builtins.attrNames config.environment.etc)}
      '';
in
{
  options.system = {
    build = lib.mkOption {
      type = lib.types.attrs;
      default = { };
    };
    replaceDependencies.replacements = lib.mkOption {
      type = lib.types.listOf lib.types.attrs;
      default = [ ];
    };
  };

  config.system.build.toplevel =
    if replacements == [ ] then
      baseSystem
    else
      pkgs.replaceDependencies {
        drv = baseSystem;
        inherit replacements;
      };
}
