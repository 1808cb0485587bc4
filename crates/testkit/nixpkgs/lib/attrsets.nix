{ lib }:
rec {
  isDerivation = value: value.type or null == "derivation";
  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (builtins.attrNames attrs);
  genAttrs = names: f: builtins.listToAttrs (map (name: nameValuePair name (f name)) names);
  filterAttrs =
    keep: attrs:
    builtins.listToAttrs (
      builtins.concatMap (
        name: if keep name attrs.${name} then [ (nameValuePair name attrs.${name}) ] else [ ]
      ) (builtins.attrNames attrs)
    );
  mergeAttrsList = builtins.foldl' (merged: attrs: merged // attrs) { };
  optionalAttrs = condition: attrs: if condition then attrs else { };

  # An output of a package, or the package itself where it has no such output.
  getOutput = output: pkg: pkg.${output} or pkg.out or pkg;
  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getDev = getOutput "dev";
}
