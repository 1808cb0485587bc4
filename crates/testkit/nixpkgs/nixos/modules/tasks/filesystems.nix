{ lib, ... }:
{
  options.fileSystems = lib.mkOption {
    type = lib.types.attrs;
    default = { };
  };
}
