# The package set for the system that this is evaluated on.
{
  system ? builtins.currentSystem,
  localSystem ? { inherit system; },
  config ? { },
  overlays ? [ ],
  ...
}:
import ./. {
  inherit localSystem config overlays;
}
