{ lib, ... }:
{
  options.system = {
    stateVersion = lib.mkOption {
      type = lib.types.str;
      default = lib.trivial.release;
    };
    nixos = lib.mkOption { type = lib.types.attrs; };
  };

  # What `nixos-version` prints.
  config.system.nixos = {
    inherit (lib.trivial) release versionSuffix;
    version = lib.trivial.version;
    revision = lib.trivial.revisionWithDefault null;
    label = lib.trivial.version;
  };
}
