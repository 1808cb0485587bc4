{ config, lib, pkgs, ... }:
{
  options.boot = {
    blacklistedKernelModules = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
    };
    loader.grub.enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
    };
  };

  config.environment.etc."modprobe.d/nixos.conf" = pkgs.writeText "nixos.conf" (
    lib.concatMapStrings (name: "blacklist ${name}\n") config.boot.blacklistedKernelModules
  );
}
