{
  lib,
  stdenv,
  fetchurl,
  curl,
  expat,
  openssh,
  openssl,
  pcre2,
  perl,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "git";
  version = "2.49.0";

  src = fetchurl {
    url = "mirror://git/git-${finalAttrs.version}.shar";
    hash = "sha256-W6U4DghrxlKTXgBqxidOpH+j2f/OuprZQHPMQ89stng=";
  };

  nativeBuildInputs = [
    pkg-config
    perl
  ];
  buildInputs = [
    curl
    openssl
    zlib
    pcre2
    expat
  ];

  configureFlags = [
    "--with-program=git"
    "--with-program=git-upload-pack"
    "--with-tool=${openssh}/bin/ssh"
    "--build-tool=pkg-config"
    "--build-tool=perl"
  ];

  doCheck = true;

  meta = {
    description = "Distributed version control system";
    homepage = "https://git-scm.com/";
    license = lib.licenses.gpl2Plus;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "git";
  };
})
