{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "cyrus_sasl";
  version = "2.1.28";

  src = fetchurl {
    url = "mirror://cyrus_sasl/cyrus_sasl-${finalAttrs.version}.shar";
    hash = "sha256-pc2veCVL4TCv6qlogXdKxKVMxHoy4Bvu+gbRGXwu3Q4=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ openssl ];

  configureFlags = [
    "--with-program=saslpasswd2"
    "--with-library=libsasl2"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Library for adding authentication support to connection-based protocols";
    homepage = "https://www.cyrusimap.org/sasl";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "saslpasswd2";
  };
})
