# The library: every function at hand as `lib.<name>`, and by file as `lib.<file>.<name>`.
let
  fix = f: let x = f x; in x;
in
fix (
  lib:
  let
    call = file: import file { inherit lib; };
    parts = {
      attrsets = call ./attrsets.nix;
      customisation = call ./customisation.nix;
      fixedPoints = call ./fixed-points.nix;
      licenses = call ./licenses.nix;
      lists = call ./lists.nix;
      maintainers = call ./maintainers.nix;
      meta = call ./meta.nix;
      modules = call ./modules.nix;
      strings = call ./strings.nix;
      systems = call ./systems.nix;
      trivial = call ./trivial.nix;
      types = call ./types.nix;
    };
  in
  parts
  // parts.attrsets
  // parts.customisation
  // parts.fixedPoints
  // parts.lists
  // parts.strings
  // {
    inherit (parts.meta) getExe;
    inherit (parts.modules)
      evalModules
      mkDefault
      mkForce
      mkIf
      mkMerge
      mkOption
      ;
    inherit (parts.trivial)
      fakeHash
      release
      revisionWithDefault
      version
      versionSuffix
      ;
    inherit (builtins)
      attrNames
      attrValues
      concatStringsSep
      elem
      filter
      functionArgs
      head
      isAttrs
      isFunction
      isList
      isString
      mapAttrs
      parseDrvName
      pathExists
      ;
  }
)
