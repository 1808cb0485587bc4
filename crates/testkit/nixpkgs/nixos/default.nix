# A system's configuration, evaluated.
{
  configuration ? { },
  system ? builtins.currentSystem,
}:
import ./lib/eval-config.nix {
  inherit system;
  modules = [ configuration ];
}
