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
    hash = "sha256-tu44CkYFCXQYLwf+IlJSN3G9xAQ5Rgth4Ei4p2DBFj4=";
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
