# Modules: options, and what is set of them, put together from many files. A small part of what the
# real one does, with the same meaning: imports, mkIf, mkMerge, mkDefault, mkForce, types.
{ lib }:
rec {
  mkOption = option: option // { _type = "option"; };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;

  evalModules =
    {
      modules,
      specialArgs ? { },
    }:
    let
      args = {
        inherit lib;
        inherit (result) config options;
      }
      // specialArgs;
      all = builtins.concatMap (load args) modules;
      options = builtins.foldl' (mergeOptions "") { } (map (module: module.options) all);
      result = {
        inherit options;
        config = evalSet [ ] options (map (module: module.config) all);
      };
    in
    result;

  # A module and all that it imports, in one form.
  load =
    args: module:
    let
      content = if builtins.isAttrs module || builtins.isFunction module then module else import module;
      called = if builtins.isFunction content then content args else content;
      isWhole = called ? options || called ? config;
      unknown = removeAttrs called [
        "config"
        "imports"
        "options"
      ];
    in
    if isWhole && unknown != { } then
      throw "a module has both `options' or `config' and settings: ${toString (builtins.attrNames unknown)}"
    else
      [
        {
          options = called.options or { };
          config = if isWhole then called.config or { } else unknown;
        }
      ]
      ++ builtins.concatMap (load args) (called.imports or [ ]);

  isOption = value: value._type or null == "option";

  mergeOptions =
    loc: one: other:
    one
    // builtins.mapAttrs (
      name: option:
      if !(one ? ${name}) then
        option
      else if isOption option || isOption one.${name} then
        throw "The option `${loc}${name}' is already declared."
      else
        mergeOptions "${loc}${name}." one.${name} option
    ) other;

  # What is set of a set of options, as plain sets: conditions move to what is in them, so that the
  # names can be told without the values.
  push =
    definition:
    let
      into = wrap: content: map (builtins.mapAttrs (_: wrap)) (push content);
    in
    {
      "if" = into (mkIf definition.condition) definition.content;
      merge = builtins.concatMap push definition.contents;
      override = into (mkOverride definition.priority) definition.content;
    }
    .${definition._type or ""} or [ definition ];

  evalSet =
    loc: options: definitions:
    let
      pushed = builtins.concatMap push definitions;
      unknown = builtins.filter (name: !(options ? ${name})) (builtins.concatMap builtins.attrNames pushed);
      of = name: builtins.concatMap (set: if set ? ${name} then [ set.${name} ] else [ ]) pushed;
      show = names: builtins.concatStringsSep "." (loc ++ names);
    in
    if unknown != [ ] then
      throw "The option `${show [ (builtins.head unknown) ]}' does not exist."
    else
      builtins.mapAttrs (
        name: option:
        if isOption option then
          evalOption (show [ name ]) option (of name)
        else
          evalSet (loc ++ [ name ]) option (of name)
      ) options;

  # The values of a definition that hold, each with its priority: the lowest counts.
  discharge =
    priority: definition:
    {
      "if" = if definition.condition then discharge priority definition.content else [ ];
      merge = builtins.concatMap (discharge priority) definition.contents;
      override = discharge definition.priority definition.content;
    }
    .${definition._type or ""} or [
      {
        inherit priority;
        value = definition;
      }
    ];

  evalOption =
    loc: option: definitions:
    let
      found = builtins.concatMap (discharge 100) definitions;
      lowest = builtins.foldl' (least: it: if it.priority < least then it.priority else least) 10000 found;
      values = map (it: it.value) (builtins.filter (it: it.priority == lowest) found);
    in
    if values == [ ] then
      option.default or (throw "The option `${loc}' was accessed but has no value defined.")
    else if !builtins.all option.type.check values then
      throw "A definition for option `${loc}' is not of type `${option.type.name}'."
    else
      option.type.merge loc values;
}
