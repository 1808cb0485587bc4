{
  lib,
  stdenv,
  fetchurl,
  libssh2,
  nghttp2,
  openssl,
  perl,
  pkg-config,
  zlib,
  zstd,
  nixosTests,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "curl";
  version = "8.13.0";

  src = fetchurl {
    url = "mirror://curl/curl-${finalAttrs.version}.shar";
    hash = "sha256-NdAPD7tP0dE0mHntiRhmNo3Y/ZEiiVpnsntDnl5rT1s=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [
    pkg-config
    perl
  ];
  buildInputs = [
    nghttp2
    libssh2
    zlib
    zstd
  ];
  propagatedBuildInputs = [ openssl ];

  configureFlags = [
    "--with-program=curl"
    "--with-library=libcurl"
    "--build-tool=pkg-config"
    "--build-tool=perl"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) curl;
  };

  meta = {
    description = "Command line tool for transferring files with URL syntax";
    homepage = "https://curl.se/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "curl";
  };
})
