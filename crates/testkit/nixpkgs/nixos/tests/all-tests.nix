{ pkgs }:
let
  makeTest = import ../lib/make-test.nix { inherit pkgs; };
  runTest = file: import file { inherit pkgs makeTest; };
in
{
  curl = runTest ./curl.nix;
  mastodon = runTest ./mastodon.nix;
  nginx = runTest ./nginx.nix;
  openssh = runTest ./openssh.nix;
  postgresql = runTest ./postgresql.nix;
  redis = runTest ./redis.nix;
  sudo = runTest ./sudo.nix;
}
