{ lib }:
rec {
  fix = f: let x = f x; in x;
  # A function of the final result, with an overlay on top.
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;
  # An overlay from what `overrideAttrs` takes: attributes, a function of the old ones, or an overlay.
  toExtension =
    f:
    if builtins.isFunction f then
      final: prev:
      let
        fPrev = f prev;
      in
      if builtins.isFunction fPrev then f final prev else fPrev
    else
      final: prev: f;
}
