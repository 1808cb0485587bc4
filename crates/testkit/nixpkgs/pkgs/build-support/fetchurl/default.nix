# Fetches a source archive.
#
# Nothing is fetched over a network: the "server" is `archive.in` of this folder, and an archive's
# content follows from its name and version. The hash is checked by Nix, as that of any download.
{
  lib,
  system,
  busybox,
}:
{
  url ? "",
  urls ? [ url ],
  name ? baseNameOf (builtins.head urls),
  hash ? "",
}:
let
  archive = builtins.match "(.*)[.]shar" (baseNameOf (builtins.head urls));
  upstream = builtins.parseDrvName (builtins.head archive);
in
derivation {
  inherit name system urls;
  builder = "${busybox}/bin/sh";
  args = [
    "-e"
    ./builder.sh
  ];
  PATH = "${busybox}/bin";
  server = ./archive.in;
  pname = upstream.name;
  inherit (upstream) version;
  outputHashMode = "flat";
  outputHashAlgo = "sha256";
  outputHash = if hash == "" then lib.fakeHash else hash;
  preferLocalBuild = true;
}
