{
  lib,
  stdenv,
  fetchurl,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libpng";
  version = "1.6.46";

  src = fetchurl {
    url = "mirror://libpng/libpng-${finalAttrs.version}.shar";
    hash = "sha256-g5KOV8w1EELolIBf/xo2sN4d4v+d6vdE/Wrw/BXkA74=";
  };

  outputs = [
    "dev"
    "out"
  ];

  buildInputs = [ zlib ];

  configureFlags = [ "--with-library=libpng16" ];

  meta = {
    description = "Official reference implementation for the PNG file format";
    homepage = "https://www.libpng.org/pub/png/libpng.html";
    license = lib.licenses.zlib;
    maintainers = [ lib.maintainers.bram ];
  };
})
