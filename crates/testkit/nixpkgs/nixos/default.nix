# A system's configuration, as far as this set has one: the versions that `nixos-version` prints.
{
  configuration ? { },
  system ? builtins.currentSystem,
}:
let
  pkgs = import ../. { inherit system; };
  inherit (pkgs) lib;
in
{
  inherit pkgs;
  config = {
    system.nixos = {
      inherit (lib.trivial) release versionSuffix;
      version = lib.trivial.version;
      revision = lib.trivial.revisionWithDefault null;
      label = lib.trivial.version;
    };
  }
  // configuration;
}
