# Replaces store paths in all that refers to them, at whichever distance: what refers to one is
# copied, with the one written over. Names have to be of equal length. Which paths refer to which is
# known once they are built, so that evaluating this builds.
{ lib, runCommand }:
{ drv, replacements }:
let
  path = value: builtins.unsafeDiscardStringContext (toString value);
  # The paths that a path refers to, by path.
  referencesOf =
    root:
    import (
      runCommand "references.nix"
        {
          exportReferencesGraph = [
            "graph"
            root
          ];
        }
        ''
          echo "{" > "$out"
          while read -r path; do
              read -r deriver; read -r count
              echo "  \"$path\" = [" >> "$out"
              while [ "$count" -gt 0 ]; do
                  read -r reference
                  [ "$reference" = "$path" ] || echo "    \"$reference\"" >> "$out"
                  count=$((count - 1))
              done
              echo "  ];" >> "$out"
          done < graph
          echo "}" >> "$out"
        ''
    );
  references = referencesOf drv;

  replaced = builtins.listToAttrs (
    map (one: lib.nameValuePair (path one.oldDependency) one.newDependency) replacements
  );
  # A path of the closure, with its references replaced.
  rewritten = builtins.mapAttrs (
    old: needs:
    let
      changed = builtins.filter (need: path rewritten.${need} != need) needs;
    in
    if replaced ? ${old} then
      replaced.${old}
    else if changed == [ ] then
      builtins.storePath old
    else
      rewrite old changed
  ) references;

  name = old: builtins.substring 33 (-1) (baseNameOf old);
  rewrite =
    old: changed:
    runCommand (name old)
      {
        old = builtins.storePath old;
        pairs = map (need: "s|${baseNameOf need}|${baseNameOf (checked need)}|g") changed;
        allowSubstitutes = false;
      }
      ''
        cp -r "$old" "$out"
        chmod -R u+w "$out"
        for pair in $pairs "s|$(basename "$old")|$(basename "$out")|g"; do
            find "$out" -type f -exec sed -i "$pair" {} +
            find "$out" -type l | while read -r link; do
                target=$(readlink "$link")
                ln -sfn "$(echo "$target" | sed "$pair")" "$link"
            done
        done
      '';
  checked =
    old:
    let
      new = toString rewritten.${old};
    in
    if builtins.stringLength old == builtins.stringLength new then
      new
    else
      throw "cannot rewrite ${old} to ${new}: the lengths differ";
in
rewritten.${path drv}
