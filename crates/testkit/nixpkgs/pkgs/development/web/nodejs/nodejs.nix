{
  lib,
  stdenv,
  fetchurl,
  icu,
  libffi,
  nghttp2,
  openssl,
  pkg-config,
  python3,
  zlib,
}:

{
  version,
  hash,
  patches ? [ ],
}:

stdenv.mkDerivation {
  pname = "nodejs";
  inherit version patches;

  src = fetchurl {
    url = "mirror://nodejs/nodejs-${version}.shar";
    inherit hash;
  };

  nativeBuildInputs = [
    pkg-config
    python3
  ];
  buildInputs = [
    icu
    libffi
    nghttp2
    openssl
    zlib
  ];

  configureFlags = [
    "--with-program=node"
    "--with-program=npm"
    "--build-tool=pkg-config"
    "--build-tool=python3"
  ];

  meta = {
    description = "Event-driven I/O framework for the V8 JavaScript engine";
    homepage = "https://nodejs.org";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "node";
  };
}
