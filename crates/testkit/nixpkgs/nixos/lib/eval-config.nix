# Evaluates a configuration of NixOS, of these modules and all that belong to this tree.
{
  system ? builtins.currentSystem,
  modules,
}:
let
  pkgs = import ../.. { inherit system; };
  evaluated = pkgs.lib.evalModules {
    modules = import ../modules/module-list.nix ++ modules;
    specialArgs = { inherit pkgs; };
  };
in
evaluated // { inherit pkgs; }
