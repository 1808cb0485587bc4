# The types of options: what is one, and how several definitions become one value.
{ lib }:
let
  one =
    loc: values:
    if builtins.length values == 1 then
      builtins.head values
    else
      throw "The option `${loc}' has conflicting definition values.";
  plain = name: check: {
    inherit name check;
    merge = one;
  };
in
rec {
  anything = plain "anything" (_: true);
  bool = plain "boolean" builtins.isBool;
  str = plain "string" builtins.isString;
  package = plain "package" lib.isDerivation;
  listOf = elemType: {
    name = "list of ${elemType.name}";
    check = value: builtins.isList value && builtins.all elemType.check value;
    merge = _: builtins.concatLists;
  };
  # Each attribute is defined once.
  attrs = {
    name = "attribute set";
    check = builtins.isAttrs;
    merge = _: lib.mergeAttrsList;
  };
}
