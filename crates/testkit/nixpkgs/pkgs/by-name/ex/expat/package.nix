{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "expat";
  version = "2.7.1";

  src = fetchurl {
    url = "mirror://expat/expat-${finalAttrs.version}.shar";
    hash = "sha256-RkVQ/w4DrTpEq2rWXlZTdVo0d+4Chro59aEhDm76vVQ=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libexpat" ];

  meta = {
    description = "Stream-oriented XML parser library written in C";
    homepage = "https://libexpat.github.io/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.ada ];
  };
})
