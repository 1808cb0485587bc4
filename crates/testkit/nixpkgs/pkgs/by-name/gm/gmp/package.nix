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
    hash = "sha256-BmF6/kxBRmOT4V1Dnjtryjp+TUNCV82pxA3hnO05c6M=";
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
