# What a NixOS module makes of a server's settings, as JSON.
#
# The modules of deploy/ are written for nixpkgs' `lib` and for the rest of NixOS, neither of which
# is there when tests run. This is a small stand-in for both. It keeps the rules that matter here:
# every option that is set must be declared, every value must be of its option's type, two values
# of one option must agree unless a priority decides, and an option without value or default that
# is read is an error.
{ module, settings }:

let
  inherit (builtins)
    all
    any
    attrNames
    concatLists
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    hasAttr
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isString
    length
    listToAttrs
    map
    mapAttrs
    stringLength
    substring
    tail
    ;

  lib = {
    mkOption = option: option // { _type = "option"; };
    mkEnableOption =
      what:
      lib.mkOption {
        type = types.bool;
        default = false;
        description = "Whether to enable ${what}.";
      };
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkDefault = content: {
      _type = "override";
      priority = 1000;
      inherit content;
    };
    literalExpression = text: { inherit text; };
    optional = condition: value: if condition then [ value ] else [ ];
    optionalAttrs = condition: value: if condition then value else { };
    imap1 = f: list: genList (n: f (n + 1) (elemAt list n)) (length list);
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    hasSuffix =
      suffix: text:
      stringLength text >= stringLength suffix
      && substring (stringLength text - stringLength suffix) (-1) text == suffix;
    inherit
      any
      concatStringsSep
      elem
      types
      ;
  };

  # A type says which values it takes and how several definitions become one value.
  type = name: check: {
    inherit name check;
    merge = where: values: if all (value: value == head values) values then head values else conflict where;
  };
  conflict = where: throw "${where} has several values that do not agree";
  isDerivation = value: isAttrs value && value.type or "" == "derivation";

  types = {
    bool = type "boolean" isBool;
    str = type "string" isString;
    package = type "package" isDerivation;
    ints.positive = type "positive integer" (value: isInt value && value > 0);
    strMatching =
      pattern: type "string matching ${pattern}" (value: isString value && builtins.match pattern value != null);
    nullOr =
      inner:
      type "null or ${inner.name}" (value: value == null || inner.check value)
      // {
        merge = where: values: if all (value: value == null) values then null else inner.merge where values;
      };
    listOf =
      inner:
      type "list of ${inner.name}" (value: isList value && all inner.check value)
      // {
        merge = _: concatLists;
      };
    # Sets merge name by name, lists follow each other, all else must agree.
    anything = type "anything" (_: true) // {
      merge =
        where: values:
        if all isList values then
          concatLists values
        else if all (value: isAttrs value && !isDerivation value) values then
          mergeAttrs where types.anything values
        else
          (type "" null).merge where values;
    };
  };

  mergeAttrs =
    where: inner: sets:
    let
      names = attrNames (foldl' (a: b: a // b) { } sets);
      valueOf =
        name:
        let
          definitions = concatLists (map (set: discharge (set.${name} or (lib.mkIf false null))) sets);
        in
        lib.optional (definitions != [ ]) {
          inherit name;
          value = merged "${where}.${name}" inner definitions;
        };
    in
    listToAttrs (concatLists (map valueOf names));

  # The values that a definition stands for, with their priorities.
  discharge =
    value:
    if isAttrs value && value._type or "" == "if" then
      if value.condition then discharge value.content else [ ]
    else if isAttrs value && value._type or "" == "override" then
      map (it: it // { inherit (value) priority; }) (discharge value.content)
    else
      [
        {
          priority = 100;
          inherit value;
        }
      ];

  # A set of definitions: a condition on all of it becomes one on each, so that the names can be told
  # before the condition can.
  pushDown =
    value:
    if value._type or "" == "if" then
      mapAttrs (_: lib.mkIf value.condition) (pushDown value.content)
    else
      value;

  merged =
    where: type: definitions:
    let
      least = foldl' (a: b: if b.priority < a then b.priority else a) 9999 definitions;
      values = map (it: it.value) (filter (it: it.priority == least) definitions);
    in
    if !all type.check values then
      throw "${where} is not of the type ${type.name}"
    else
      type.merge where values;

  evaluate =
    where: options: sets:
    let
      known = map (
        set:
        let
          unknown = filter (name: !hasAttr name options) (attrNames set);
        in
        if unknown == [ ] then set else throw "there is no option ${where}${head unknown}"
      ) sets;
      valueOf =
        name: option:
        let
          definitions = concatLists (map (set: lib.optional (hasAttr name set) set.${name}) known);
          discharged = concatLists (map discharge definitions);
        in
        if option._type or "" != "option" then
          evaluate "${where}${name}." option (map pushDown definitions)
        else if discharged != [ ] then
          merged "${where}${name}" option.type discharged
        else
          option.default or (throw "${where}${name} is used but not defined");
    in
    mapAttrs valueOf options;

  # The rest of NixOS, as far as the modules set or read it.
  anything = lib.mkOption {
    type = types.anything;
    default = { };
  };
  list = lib.mkOption {
    type = types.listOf types.anything;
    default = [ ];
  };
  rest = {
    assertions = list;
    warnings = list;
    nix.settings = anything;
    nix.package = anything // {
      default = package "nix";
    };
    users.users = anything;
    users.groups = anything;
    systemd.services = anything;
    systemd.sockets = anything;
    systemd.timers = anything;
    services.nginx = anything;
  };

  package = name: {
    type = "derivation";
    inherit name;
    outPath = "/nix/store/${substring 0 32 (builtins.hashString "sha256" name)}-${name}";
  };
  pkgs = {
    formats.toml = _: {
      type = types.anything;
      generate = name: _: package name;
    };
    runtimeShell = "${package "bash"}/bin/bash";
  }
  // listToAttrs (
    map
      (name: {
        inherit name;
        value = package name;
      })
      [
        "bubblewrap"
        "coreutils"
        "curl"
        "git"
        "jq"
        "openssh"
        "openssl"
        "picket"
      ]
  );

  made = import module { inherit config lib pkgs; };
  server = import settings { inherit pkgs; };
  both = a: b: a // b // { services = (a.services or { }) // (b.services or { }); };
  config = evaluate "" (both rest made.options) (
    [
      server
      (pushDown made.config)
    ]
  );

  shown =
    value:
    if isDerivation value then
      "${value}"
    else if isAttrs value then
      mapAttrs (_: shown) value
    else if isList value then
      map shown value
    else
      value;
  failed = filter (it: !it.assertion) config.assertions;
in
shown (
  if failed != [ ] then
    { failed = map (it: it.message) failed; }
  else
    {
      inherit (config) nix systemd users warnings;
      inherit (config.services) nginx;
      settings = config.services.picket.settings or null;
    }
)
