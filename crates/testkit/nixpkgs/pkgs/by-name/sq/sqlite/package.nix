{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
  readline,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "sqlite";
  version = "3.49.1";

  src = fetchurl {
    url = "mirror://sqlite/sqlite-${finalAttrs.version}.shar";
    hash = "sha256-7PzKU7BRNOcgllSv3BYP3X69/ZD/CHHHBlhoT5dBlqM=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    readline
    zlib
  ];

  configureFlags = [
    "--with-program=sqlite3"
    "--with-library=libsqlite3"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Self-contained, serverless, zero-configuration, transactional SQL database engine";
    homepage = "https://www.sqlite.org/";
    license = lib.licenses.publicDomain;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "sqlite3";
  };
})
