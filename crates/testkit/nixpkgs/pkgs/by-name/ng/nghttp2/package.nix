{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "nghttp2";
  version = "1.65.0";

  src = fetchurl {
    url = "mirror://nghttp2/nghttp2-${finalAttrs.version}.shar";
    hash = "sha256-Y0sFNImZZUS202mg/W8gYimAJo0iKIJdSbQTh2gIqxY=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ zlib ];

  configureFlags = [
    "--with-library=libnghttp2"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Implementation of HTTP/2";
    homepage = "https://nghttp2.org/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.dmitri ];
  };
})
