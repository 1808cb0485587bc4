{
  lib,
  stdenv,
  fetchurl,
  bison,
  expat,
  nghttp2,
  openssl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "unbound";
  version = "1.23.0";

  src = fetchurl {
    url = "mirror://unbound/unbound-${finalAttrs.version}.shar";
    hash = "sha256-Hw7cfQgMwyyzzPSBQvtT/3Ld7Ix3gEynX4wHz5asdBo=";
  };

  outputs = [
    "out"
    "dev"
    "lib"
  ];

  nativeBuildInputs = [
    pkg-config
    bison
  ];
  buildInputs = [
    openssl
    nghttp2
    expat
  ];

  configureFlags = [
    "--with-program=unbound"
    "--with-program=unbound-control"
    "--with-library=libunbound"
    "--build-tool=pkg-config"
    "--build-tool=bison"
  ];

  doCheck = true;

  meta = {
    description = "Validating, recursive, and caching DNS resolver";
    homepage = "https://www.unbound.net";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "unbound";
  };
})
