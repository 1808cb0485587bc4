{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libssh2";
  version = "1.11.1";

  src = fetchurl {
    url = "mirror://libssh2/libssh2-${finalAttrs.version}.shar";
    hash = "sha256-p6UikcQvEJMo2V/UNcVd4ryBjuQb3nUbLp0YrdkpCBI=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    zlib
  ];

  configureFlags = [
    "--with-library=libssh2"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Client-side C library implementing the SSH2 protocol";
    homepage = "https://www.libssh2.org";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.chiara ];
  };
})
