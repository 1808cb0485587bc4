{ lib }:
{
  # The systems that the flake has packages for.
  flakeExposed = [
    "x86_64-linux"
    "aarch64-linux"
  ];
}
