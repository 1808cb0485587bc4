{ lib }:
rec {
  optionalString = condition: text: if condition then text else "";
  concatMapStringsSep = sep: f: list: builtins.concatStringsSep sep (map f list);
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  concatMapStrings = concatMapStringsSep "";
  makeBinPath = concatMapStringsSep ":" (pkg: "${lib.getBin pkg}/bin");
  # What a file holds, without the newline at its end.
  fileContents =
    file:
    let
      lines = builtins.match "(.*[^\n])\n*" (builtins.readFile file);
    in
    if lines == null then "" else builtins.head lines;
}
