{
  lib,
  stdenv,
  fetchurl,
  cyrus_sasl,
  openssl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "openldap";
  version = "2.6.9";

  src = fetchurl {
    url = "mirror://openldap/openldap-${finalAttrs.version}.shar";
    hash = "sha256-C2VoZbv8NLwntiCbr811yMoUyYPSucyJ8XOFj5xdFy4=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    cyrus_sasl
  ];

  configureFlags = [
    "--with-program=ldapsearch"
    "--with-program=slapd"
    "--with-library=libldap"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Open source implementation of the Lightweight Directory Access Protocol";
    homepage = "https://www.openldap.org/";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.ada ];
    mainProgram = "ldapsearch";
  };
})
