# What a worker asks of a tree: what an attribute is, which attributes are one and the same, and which
# there are; as JSON.
#
# `request` is JSON, so that nothing foreign is read as Nix code:
#   tree    the tree's folder
#   file    the file of it that has the job set; null: its top level
#   system  what is evaluated for
request:
let
  inherit (builtins.fromJSON request) file system;
  tree = /. + (builtins.fromJSON request).tree;
  inherit (builtins)
    attrNames attrValues concatLists deepSeq elemAt filter foldl' functionArgs genList hashString head
    intersectAttrs isAttrs isBool isFunction isInt isString length map match parseDrvName tail toJSON
    tryEval unsafeDiscardStringContext unsafeGetAttrPos;

  call = f: arguments:
    if isFunction f then f (intersectAttrs (functionArgs f) arguments) else f;
  nixpkgs = { outPath = tree; revCount = 0; shortRev = "0000000"; rev = "0000000000000000000000000000000000000000"; };
  top = if file == null then packages else call (import (tree + "/${file}")) {
      inherit nixpkgs system;
      supportedSystems = [ system ];
      limitedSupportedSystems = [ ];
      config = { };
      overlays = [ ];
      stableBranch = false;
    };

  isDerivation = v: isAttrs v && v.type or null == "derivation";
  below = depth: path: v:
    let
      found = tryEval (
        if isDerivation v || !isAttrs v then [ path ]
        else if depth == 0 then [ ]
        else concatLists (map (name: below (depth - 1) (path ++ [ name ]) v.${name}) (attrNames v)));
    in if found.success then found.value else [ path ];
  # `nix-env` lists no others: it could not be asked for them.
  isListed = name: match "[A-Za-z_][A-Za-z0-9_+-]*" name != null;
  paths = if file == null
    then map (name: [ name ]) (filter isListed (attrNames top))
    else concatLists (map (name: below 6 [ name ] top.${name}) (attrNames top));

  # What has a context names store paths, which change with everything that it depends on.
  isPlain = v: isBool v || isInt v || (isString v && !(builtins.hasContext v));
  hidden = [ "outPath" "drvPath" "meta" "all" ];
  surface = v:
    let values = removeAttrs v (hidden ++ filter (name: !(isPlain v.${name})) (attrNames (removeAttrs v hidden)));
    in hashString "sha256" (toJSON {
      names = attrNames v;
      values = values;
      source = if isDerivation (v.src or null) then unsafeDiscardStringContext v.src.outPath else null;
    });

  # The packages; where the job set is another, their paths begin with an empty name. Whoever has an
  # unfree one installed has it rebuilt as well.
  packages = call (import tree) { config = { allowUnfree = true; }; overlays = [ ]; inherit system; };
  root = { "" = packages; };
  from = path: if path != [ ] && head path == "" then root else top;

  select = path: foldl' (set: name: set.${name}) (from path) path;
  isThere = path: set: path == [ ] || isAttrs set && set ? ${head path} && isThere (tail path) set.${head path};

  describe = withSurface: path:
    let
      v = select path;
      name = v.name;
    in
      if !(isThere path (from path)) then "missing"
      else if isDerivation v then {
        d = unsafeDiscardStringContext v.drvPath;
        o = map (output: unsafeDiscardStringContext (v.${output} or v).outPath) (v.outputs or [ "out" ]);
        n = unsafeDiscardStringContext name;
        v = unsafeDiscardStringContext (toString (v.version or (parseDrvName name).version));
        y = v.system or "";
        s = if withSurface then surface v else null;
      }
      else if isAttrs v then "set"
      else "plain";

  # What throws is told by its absence: the message of each would take longer than all else.
  attempt = withSurface: path: tryEval (let it = describe withSurface path; in deepSeq it it);
  either = path:
    let full = attempt true path; brief = attempt false path;
    in if full.success then full.value else if brief.success then brief.value else null;

  # An attribute that is another one by a second name is that very value. Nix does not tell, but
  # functions are equal only to themselves, where they are compared as a set has them. What is made
  # of another by `//` has its functions; then something else differs, if only where it is written.
  identity = v: attrValues (intersectAttrs {
    override = null; overrideAttrs = null; overrideDerivation = null; mkDerivation = null;
    name = null; version = null; outputs = null; outputName = null; meta = null;
  } v) ++ [ (attrNames v) (unsafeGetAttrPos "meta" v) (distribution v) ];
  distribution = v: unsafeGetAttrPos "hydraPlatforms" (v.meta or { });
  # `dontDistribute` makes each deprecated alias a value of its own.
  isOwn = v: match ".*/lib/meta.nix" ((distribution v).file or "") != null;
  isSame = a: b: (tryEval (!(isOwn a) && identity a == identity b)).value;
  # For each path, the place of the first one with the same value.
  classes = paths:
    let
      values = map select paths;
      first = at: head (filter (it: it == at || isSame (elemAt values it) (elemAt values at)) (genList (it: it) (at + 1)));
    in toJSON (genList (if file == null then first else (at: at)) (length paths));
in
{
  full = path: toJSON (describe true path);
  brief = path: toJSON (describe false path);
  many = some: toJSON (map either some);
  paths = toJSON paths;
  # The whole of the packages again, as `buildPackages`, is no set of its own.
  names = path: toJSON (let set = select path; in if set ? stdenv && set ? lib then [ ] else attrNames set);
  packages = toJSON (attrNames packages);
  inherit classes;
}
