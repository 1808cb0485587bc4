{ lib, ... }:
{
  options.environment = {
    systemPackages = lib.mkOption {
      type = lib.types.listOf lib.types.package;
      default = [ ];
    };
    etc = lib.mkOption {
      type = lib.types.attrs;
      default = { };
    };
  };
}
