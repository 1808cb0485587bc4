{ lib }:
{
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  findFirst =
    predicate: default: list:
    let
      found = builtins.filter predicate list;
    in
    if found == [ ] then default else builtins.head found;
  concatMap = builtins.concatMap;
  toList = value: if builtins.isList value then value else [ value ];
}
