# What the channel's builder looks at before it ships what is carried here: each library that a
# graft replaces, the one that takes its place, and whether a configuration of NixOS evaluates with
# all of it, and without.
{
  system ? builtins.currentSystem,
}:
let
  tree = ../../../..;
  pkgs = import tree { inherit system; };
  inherit (pkgs) lib;

  evaluate =
    settings:
    import (tree + "/nixos/lib/eval-config.nix") {
      inherit system;
      modules = [
        {
          boot.loader.grub.enable = false;
          fileSystems."/" = {
            device = "none";
            fsType = "tmpfs";
          };
          system.stateVersion = lib.trivial.release;
        }
        settings
      ];
    };

  # Grafts take import-from-derivation where a system is made: that is not done here.
  without = grafts: mitigations: {
    security.channel = {
      grafts.enable = grafts;
    }
    # The option is not there where there is no mitigation.
    // lib.optionalAttrs (names != [ ]) {
      mitigations = lib.genAttrs names (_: {
        enable = mitigations;
      });
    };
  };
  names = builtins.attrNames ((evaluate { }).options.security.channel.mitigations or { });
  mitigated = (evaluate (without false true)).config;
  plain = (evaluate (without false false)).config;
  grafted = (evaluate (without true true)).config;

  replaced =
    config:
    map (one: "${one.oldDependency} -> ${one.newDependency}") config.system.replaceDependencies.replacements;
  report =
    name: text: pkgs.writeText "channel-${name}" (builtins.unsafeDiscardStringContext "${text}\n");
  system-of = config: config.system.build.toplevel.drvPath;

  prefix = "channel-graft-";
  grafts = builtins.filter (lib.hasPrefix prefix) (builtins.attrNames pkgs);
  pairs = list: builtins.listToAttrs (builtins.genList (pair list) (builtins.length list));
  pair = list: at: {
    name = "pair-${toString at}";
    value = {
      inherit (builtins.elemAt list at) old new;
    };
  };
in
{
  configuration = {
    with-mitigations = report "mitigated" (system-of mitigated);
    with-grafts = report "grafted" (toString (replaced grafted));
    without =
      if replaced plain == [ ] then
        report "plain" (system-of plain)
      else
        throw "security.channel.grafts.enable does not switch off all grafts";
  };
}
// lib.genAttrs grafts (name: pairs (lib.toList pkgs.${name}))
