{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "zlib";
  version = "1.3.1";

  src = fetchurl {
    url = "mirror://zlib/zlib-${finalAttrs.version}.shar";
    hash = "sha256-349SvjG7yKFR7xwTiipSGXX3+EY9foiR0W8NSAuFvUY=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libz" ];

  meta = {
    description = "Lossless data-compression library";
    homepage = "https://zlib.net";
    license = lib.licenses.zlib;
    maintainers = [ lib.maintainers.bram ];
  };
})
