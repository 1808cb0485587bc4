{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "icu";
  version = "76.1";

  src = fetchurl {
    url = "mirror://icu/icu-${finalAttrs.version}.shar";
    hash = "sha256-9dLIK5HdBMrvgNNFEZxqmqCMQ4bxdpI2CyCp7BjR9n0=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libicuuc" ];

  meta = {
    description = "Unicode and globalization support library";
    homepage = "https://icu.unicode.org/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.bram ];
  };
})
