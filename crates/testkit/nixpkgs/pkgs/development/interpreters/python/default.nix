{
  lib,
  stdenv,
  fetchurl,
  bzip2,
  expat,
  libffi,
  openssl,
  pkg-config,
  readline,
  sqlite,
  xz,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "python3";
  version = "3.12.10";

  src = fetchurl {
    url = "mirror://python3/python3-${finalAttrs.version}.shar";
    hash = "sha256-QZzTUaeJfV5S47TN/yd48j+RQr5GHu0JTI+bnmpGIuQ=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    bzip2
    expat
    libffi
    openssl
    readline
    sqlite
    xz
    zlib
  ];

  configureFlags = [
    "--with-program=python3"
    "--with-library=libpython3"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  meta = {
    description = "High-level dynamically-typed programming language";
    homepage = "https://www.python.org";
    license = lib.licenses.psfl;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "python3";
  };
})
