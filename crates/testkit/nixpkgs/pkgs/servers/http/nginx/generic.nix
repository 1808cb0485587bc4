{
  lib,
  stdenv,
  fetchurl,
  nixosTests,
  openssl,
  pcre2,
  pkg-config,
  zlib,
}:

{
  pname ? "nginx",
  version,
  hash,
  patches ? [ ],
}:

stdenv.mkDerivation {
  inherit pname version patches;

  src = fetchurl {
    url = "mirror://nginx/nginx-${version}.shar";
    inherit hash;
  };
  sourceRoot = "nginx-${version}";

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    pcre2
    zlib
  ];

  configureFlags = [
    "--with-program=nginx"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) nginx;
  };

  meta = {
    description = "Reverse proxy and lightweight webserver";
    homepage = "http://nginx.org";
    license = lib.licenses.bsd2;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "nginx";
  };
}
