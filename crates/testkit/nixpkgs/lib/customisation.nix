{ lib }:
rec {
  # Calls a function, or the file that holds one, with the arguments that it asks for.
  callPackageWith =
    autoArgs: fnOrFile: args:
    let
      f = if builtins.isFunction fnOrFile then fnOrFile else import fnOrFile;
    in
    makeOverridable f (builtins.intersectAttrs (builtins.functionArgs f) autoArgs // args);

  # Adds `override`, which calls the function again with other arguments.
  makeOverridable =
    f: origArgs:
    let
      result = f origArgs;
      overrideWith = newArgs: origArgs // (if builtins.isFunction newArgs then newArgs origArgs else newArgs);
    in
    if builtins.isAttrs result then
      result // { override = newArgs: makeOverridable f (overrideWith newArgs); }
    else
      result;

  # Adds attributes to a derivation and to each of its outputs.
  extendDerivation =
    passthru: drv:
    let
      outputs = drv.outputs or [ "out" ];
      commonAttrs =
        drv // builtins.listToAttrs outputsList // { all = map (output: output.value) outputsList; } // passthru;
      outputToAttrListElement = outputName: {
        name = outputName;
        value =
          commonAttrs
          // {
            inherit (drv.${outputName}) type outputName;
            outPath = drv.${outputName}.outPath;
            drvPath = drv.${outputName}.drvPath;
            outputSpecified = true;
          };
      };
      outputsList = map outputToAttrListElement outputs;
    in
    commonAttrs
    // {
      inherit (drv) type outputName;
      outPath = drv.outPath;
      drvPath = drv.drvPath;
    };
}
