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
    hash = "sha256-RU+4V6d68MJW5EmSXPkeFos8DuA1AbbggbWjZG6H494=";
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
