{
  lib,
  stdenv,
  fetchurl,
  bison,
  icu,
  libxml2,
  linux-pam,
  nixosTests,
  openssl,
  perl,
  pkg-config,
  readline,
  zlib,
  zstd,
}:

{
  version,
  hash,
}:

stdenv.mkDerivation {
  pname = "postgresql";
  inherit version;

  src = fetchurl {
    url = "mirror://postgresql/postgresql-${version}.shar";
    inherit hash;
  };

  # Clients need the library alone.
  outputs = [
    "out"
    "dev"
    "lib"
  ];

  nativeBuildInputs = [
    bison
    perl
    pkg-config
  ];
  buildInputs = [
    icu
    libxml2
    linux-pam
    openssl
    readline
    zlib
    zstd
  ];

  configureFlags = [
    "--with-program=postgres"
    "--with-program=psql"
    "--with-program=pg_dump"
    "--with-library=libpq"
    "--build-tool=bison"
    "--build-tool=perl"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) postgresql;
  };

  meta = {
    description = "Powerful, open source object-relational database system";
    homepage = "https://www.postgresql.org";
    license = lib.licenses.postgresql;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "psql";
  };
}
