{
  lib,
  stdenv,
  fetchurl,
  ffmpeg,
  imagemagick,
  libxml2,
  nixosTests,
  nodejs,
  openssl,
  pkg-config,
  postgresql,
  ruby,
}:

let
  source = import ./source.nix;
in
stdenv.mkDerivation {
  pname = "mastodon";
  inherit (source) version patches;

  src = fetchurl {
    url = "mirror://mastodon/mastodon-${source.version}.shar";
    inherit (source) hash;
  };

  nativeBuildInputs = [
    nodejs
    pkg-config
    ruby
  ];
  buildInputs = [
    imagemagick
    libxml2
    openssl
    postgresql
    ruby
  ];

  configureFlags = [
    "--with-program=mastodon"
    "--with-program=mastodon-web"
    "--with-program=mastodon-sidekiq"
    "--with-program=mastodon-streaming"
    "--with-tool=${lib.getExe ruby}"
    "--with-tool=${lib.getExe nodejs}"
    "--with-tool=${lib.getExe ffmpeg}"
    "--build-tool=bundle"
    "--build-tool=npm"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) mastodon;
  };

  meta = {
    description = "Self-hosted, globally interconnected microblogging software based on ActivityPub";
    homepage = "https://joinmastodon.org";
    license = lib.licenses.agpl3Plus;
    maintainers = [ lib.maintainers.ada lib.maintainers.chiara ];
    mainProgram = "mastodon";
  };
}
