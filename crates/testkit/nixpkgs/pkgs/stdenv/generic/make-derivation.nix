{
  lib,
  system,
  config,
  busybox,
  shell,
}:
let
  # `mkDerivation` takes attributes, or a function of the final attributes.
  mkDerivation = fnOrAttrs: extensible (if builtins.isFunction fnOrAttrs then fnOrAttrs else _: fnOrAttrs);

  extensible =
    rattrs:
    let
      args = rattrs (args // { inherit finalPackage overrideAttrs; });
      overrideAttrs = f: extensible (lib.extends (lib.toExtension f) rattrs);
      finalPackage = simple overrideAttrs args;
    in
    finalPackage;

  checkMeta =
    name: meta: drv:
    if (meta.knownVulnerabilities or [ ]) != [ ] && !(config.allowInsecure or false) then
      throw "Package '${name}' is marked as insecure: ${builtins.concatStringsSep "; " meta.knownVulnerabilities}"
    else
      drv;

  simple =
    overrideAttrs:
    attrs@{
      outputs ? [ "out" ],
      buildInputs ? [ ],
      nativeBuildInputs ? [ ],
      propagatedBuildInputs ? [ ],
      meta ? { },
      passthru ? { },
      ...
    }:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      drv = derivation (
        removeAttrs attrs [
          "meta"
          "passthru"
        ]
        // {
          inherit name system outputs shell;
          builder = shell;
          args = [
            "-e"
            ./default-builder.sh
          ];
          setup = ./setup.sh;
          initialPath = "${busybox}/bin";
          buildInputs = map lib.getDev buildInputs;
          nativeBuildInputs = map lib.getBin nativeBuildInputs;
          propagatedBuildInputs = map lib.getDev propagatedBuildInputs;
        }
      );
      outputsToInstall = [ (lib.findFirst (output: builtins.elem output outputs) (builtins.head outputs) [ "bin" "out" ]) ];
    in
    checkMeta name meta (
      lib.extendDerivation (
        passthru
        // lib.filterAttrs (key: _: builtins.elem key [ "pname" "version" "src" ]) attrs
        // {
          inherit name system passthru overrideAttrs;
          meta = { inherit name outputsToInstall; } // meta;
        }
      ) drv
    );
in
{
  inherit mkDerivation;
}
