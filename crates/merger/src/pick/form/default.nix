# What this channel carries in place of fixes that it cannot ship as they are. Picket writes these
# files and takes them out; each file of `carried` says which pull request it is for.
{ lib, ... }:
{
  imports = map (name: ./carried + "/${name}") (builtins.attrNames (builtins.readDir ./carried));

  options.security.channel.grafts.enable = lib.mkOption {
    type = lib.types.bool;
    default = true;
    description = ''
      Whether to replace libraries by the fixed ones that the channel carries, in all of the system
      that refers to them. This machine rewrites what it has to, and evaluating the configuration
      builds: it takes import-from-derivation.
    '';
  };
}
