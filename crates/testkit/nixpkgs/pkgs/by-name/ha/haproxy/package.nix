{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pcre2,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "haproxy";
  version = "3.1.7";

  src = fetchurl {
    url = "mirror://haproxy/haproxy-${finalAttrs.version}.shar";
    hash = "sha256-7IAZ3rOyHgsDrCbBM8k1aBkT6snfr5pFPB+W1uW8mtw=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    pcre2
    zlib
  ];

  configureFlags = [
    "--with-program=haproxy"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Reliable, high performance TCP/HTTP load balancer";
    homepage = "https://haproxy.org";
    license = lib.licenses.gpl2Plus;
    maintainers = [ lib.maintainers.ada ];
    mainProgram = "haproxy";
  };
})
