{
  lib,
  stdenv,
  fetchurl,
  libxml2,
  nghttp2,
  openssl,
  perl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "bind";
  version = "9.20.9";

  src = fetchurl {
    url = "mirror://bind/bind-${finalAttrs.version}.shar";
    hash = "sha256-h5xEex5z86tN2sQcvc41O94qEEkRJYYcm6dluWpRPLI=";
  };

  nativeBuildInputs = [
    pkg-config
    perl
  ];
  buildInputs = [
    openssl
    libxml2
    nghttp2
  ];

  configureFlags = [
    "--with-program=named"
    "--with-program=dig"
    "--build-tool=pkg-config"
    "--build-tool=perl"
  ];

  meta = {
    description = "Domain name server";
    homepage = "https://www.isc.org/bind/";
    license = lib.licenses.mpl20;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "dig";
  };
})
