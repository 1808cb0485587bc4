{
  lib,
  stdenv,
  fetchurl,
  bzip2,
  libpng,
  libxml2,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "imagemagick";
  version = "7.1.1-47";

  src = fetchurl {
    url = "mirror://imagemagick/imagemagick-${finalAttrs.version}.shar";
    hash = "sha256-kciAHu4dba0a2et79IHjOPvbxfsvQhU7cg2z1p2hqAU=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    libpng
    libxml2
    zlib
    bzip2
  ];

  configureFlags = [
    "--with-program=magick"
    "--with-library=libMagickCore"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Software suite to create, edit, compose, or convert bitmap images";
    homepage = "https://www.imagemagick.org/";
    license = lib.licenses.asl20;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "magick";
  };
})
