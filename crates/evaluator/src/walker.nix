# A job set as a tree of numbered nodes, for a worker that is asked about one node after the other.
#
# `request` is JSON, and nodes are asked for by numbers, so that nothing foreign is ever read as Nix
# code:
#   tree, file   the job set's file
#   arguments    what the file's function is called with
#   attributes   paths to look into; none: the whole set
#   depth        how many names a job's path may have
#   walk         jobs: every set is looked into, as Hydra does; packages: only sets that say
#                `recurseForDerivations`, as nix-env does; top_level: none
#   extras       whether to tell what `meta` and `passthru` say of a job
#
# A path of numbers begins with that of one of the attributes, and goes on with the places of names
# in their sets. Sets keep their nodes, so that what was evaluated is not evaluated again.
request:
let
  inherit (builtins)
    attrNames
    elemAt
    foldl'
    fromJSON
    genList
    getContext
    hasContext
    hashString
    head
    isAttrs
    isFunction
    isInt
    isList
    isString
    length
    listToAttrs
    stringLength
    substring
    tail
    toJSON
    unsafeDiscardStringContext
    ;
  asked = fromJSON request;
  whole = asked.attributes == [ ];

  found = import (/. + "${asked.tree}/${asked.file}");
  jobs =
    if isFunction found || found ? __functor then
      found asked.arguments
    else if asked.arguments == { } then
      found
    else
      throw "${asked.file} takes no arguments, but some are configured";

  isDerivation = value: isAttrs value && (value.type or null) == "derivation";

  # The value at a path, as a list of none or one.
  select =
    path: value:
    if path == [ ] then
      [ value ]
    else if isAttrs value && value ? ${head path} then
      select (tail path) value.${head path}
    else
      [ ];

  node =
    depth: value:
    let
      names = attrNames value;
    in
    {
      inherit depth names value;
      children = genList (at: node (depth + 1) value.${elemAt names at}) (length names);
    };

  roots =
    if whole then
      [ [ (node 0 jobs) ] ]
    else
      map (path: map (node (length path)) (select path jobs)) asked.attributes;

  # The node at a path of numbers, as a list of none or one.
  at = path: map (root: foldl' (from: elemAt from.children) root (tail path)) (elemAt roots (head path));

  # Texts, without what would make them more than that; whether they can be true is looked at
  # elsewhere.
  plain = value: if isString value then unsafeDiscardStringContext value else "";
  short = most: value: substring 0 most (plain value);
  label =
    name:
    if stringLength name <= 400 then
      name
    else
      "${substring 0 300 name}..${substring 0 16 (hashString "sha256" name)}";
  bounded =
    most: what: list:
    if length list > most then throw "more than ${toString most} ${what}" else list;

  describe =
    drv:
    let
      outputs = bounded 100 "outputs" (drv.outputs or [ "out" ]);
    in
    {
      drv = plain (drv.drvPath or null);
      system = short 64 (drv.system or null);
      name = short 256 (drv.name or null);
      pname = short 256 (drv.pname or null);
      version = short 256 (drv.version or null);
      outputs = listToAttrs (
        map (name: {
          inherit name;
          value = plain ((drv.${name} or drv).outPath or null);
        }) outputs
      );
    }
    // (if (drv._hydraAggregate or false) == true then { constituents = constituents drv; } else { });

  # What an aggregate stands for: jobs by name, and derivations.
  constituents =
    drv:
    let
      all = bounded 20000 "constituents" (drv.constituents or [ ]);
      one =
        value:
        if isString value then
          if hasContext value then { drvs = attrNames (getContext value); } else { name = substring 0 512 value; }
        else if isDerivation value then
          { drvs = [ (plain value.drvPath) ]; }
        else
          throw "a constituent is neither a derivation nor a job's name";
    in
    {
      globs = (drv._hydraGlobConstituents or false) == true;
      all = map one all;
    };

  look =
    node:
    let
      inherit (node) value;
      enters =
        if asked.walk == "jobs" || node.depth == 0 then
          true
        else
          asked.walk == "packages" && (value.recurseForDerivations or false) == true;
    in
    if isDerivation value then
      { job = describe value; }
    else if !(isAttrs value && enters) then
      { }
    else if node.depth >= asked.depth then
      { deep = true; }
    else
      { set = length node.names; };

  rootSet =
    node:
    if whole && (!(isAttrs node.value) || isDerivation node.value) then
      throw "${asked.file} must give an attribute set of jobs"
    else
      look node;

  number = value: if isInt value then value else null;

  # What a job says beside its derivation. That it cannot be had breaks no job.
  extras =
    drv:
    let
      meta = if isAttrs (drv.meta or null) then drv.meta else { };
      tests = (drv.passthru or { }).tests or { };
    in
    {
      position = short 512 (meta.position or null);
      timeout = number (meta.timeout or null);
      maxSilent = number (meta.maxSilent or null);
      tests = if isAttrs tests && !(isDerivation tests) then map label (bounded 1000 "tests" (attrNames tests)) else [ ];
    };
in
{
  root = path: toJSON (map rootSet (at path));
  look = path: toJSON (map look (at path));
  extras = path: toJSON (map (node: extras node.value) (at path));
  names =
    path: from: count:
    toJSON (map (node: genList (i: label (elemAt node.names (from + i))) count) (at path));
}
