{
  lib,
  stdenv,
  fetchurl,
  bison,
  openssl,
  perl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "krb5";
  version = "1.21.3";

  src = fetchurl {
    url = "mirror://krb5/krb5-${finalAttrs.version}.shar";
    hash = "sha256-mzSL+VFNMnibW3ew5D438+F5EJ26UtXNIzE7VTGZo4g=";
  };

  outputs = [
    "out"
    "dev"
    "lib"
  ];

  nativeBuildInputs = [
    pkg-config
    perl
    bison
  ];
  buildInputs = [ openssl ];

  configureFlags = [
    "--with-program=kinit"
    "--with-program=klist"
    "--with-library=libkrb5"
    "--build-tool=pkg-config"
    "--build-tool=perl"
    "--build-tool=bison"
  ];

  meta = {
    description = "MIT Kerberos 5";
    homepage = "https://web.mit.edu/kerberos/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "kinit";
  };
})
