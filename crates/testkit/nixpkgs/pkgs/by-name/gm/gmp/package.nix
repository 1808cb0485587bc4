{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "gmp";
  version = "6.3.0";

  src = fetchurl {
    url = "mirror://gmp/gmp-${finalAttrs.version}.shar";
    hash = "sha256-y2d4pZxjRs8DeYl0HbH7lf0nmou3vzhb9MPDT8zLbYc=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libgmp" ];

  meta = {
    description = "GNU multiple precision arithmetic library";
    homepage = "https://gmplib.org/";
    license = lib.licenses.lgpl21Plus;
    maintainers = [ lib.maintainers.dmitri ];
  };
})
