# Walks a job set as Hydra does: every attribute set that is no derivation is looked into, and
# every derivation is a job. One job that throws does not take the others with it.
#
# `request` is JSON, so that nothing foreign is ever read as Nix code:
#   tree, file   the job set's file
#   arguments    what the file's function is called with
#   attributes   paths to look into; none: the whole set
#   depth        how many names a job's path may have
#   explain      null, or one path: only that job is evaluated, and what it throws is let through
{ request }:
let
  inherit (builtins)
    attrNames
    concatMap
    deepSeq
    fromJSON
    isAttrs
    isFunction
    isString
    length
    listToAttrs
    tryEval
    unsafeDiscardStringContext
    ;
  asked = fromJSON request;

  found = import (/. + "${asked.tree}/${asked.file}");
  jobs =
    if isFunction found || found ? __functor then
      found asked.arguments
    else if asked.arguments == { } then
      found
    else
      throw "${asked.file} takes no arguments, but some are configured";

  isDerivation = value: (value.type or null) == "derivation";

  # The value at a path, as a list of none or one.
  select =
    path: value:
    if path == [ ] then
      [ value ]
    else if isAttrs value && value ? ${builtins.head path} then
      select (builtins.tail path) value.${builtins.head path}
    else
      [ ];

  # What only claims to be a derivation may say anything; whether it can be true is looked at
  # elsewhere.
  text = value: if isString value then unsafeDiscardStringContext value else "";

  describe =
    drv:
    let
      job = {
        drv = text (drv.drvPath or null);
        system = drv.system or "";
        outputs = listToAttrs (
          map (name: {
            inherit name;
            value = text ((drv.${name} or drv).outPath or null);
          }) (drv.outputs or [ "out" ])
        );
      };
    in
    deepSeq job job;

  walk =
    path: value:
    let
      kind = tryEval (
        if !(isAttrs value) then
          "other"
        else if isDerivation value then
          "job"
        else
          "set"
      );
      job = tryEval (describe value);
    in
    if !kind.success then
      [ { inherit path; error = "throws"; } ]
    else if kind.value == "job" then
      [ (if job.success then { inherit path; job = job.value; } else { inherit path; error = "throws"; }) ]
    else if kind.value == "other" then
      [ ]
    else if length path >= asked.depth then
      [ { inherit path; error = "deep"; } ]
    else
      concatMap (name: walk (path ++ [ name ]) value.${name}) (attrNames value);

  starts = if asked.attributes == [ ] then [ [ ] ] else asked.attributes;
in
if asked.explain != null then
  map describe (select asked.explain jobs)
else if !(isAttrs jobs) || isDerivation jobs then
  throw "${asked.file} must give an attribute set of jobs"
else
  concatMap (path: concatMap (walk path) (select path jobs)) starts
