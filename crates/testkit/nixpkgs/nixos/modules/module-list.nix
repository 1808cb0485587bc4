[
  ./boot/kernel.nix
  ./config/system-path.nix
  ./misc/version.nix
  ./system/activation/top-level.nix
  ./tasks/filesystems.nix
]
