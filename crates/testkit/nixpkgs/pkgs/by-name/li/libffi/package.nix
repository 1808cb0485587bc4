{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libffi";
  version = "3.4.8";

  src = fetchurl {
    url = "mirror://libffi/libffi-${finalAttrs.version}.shar";
    hash = "sha256-t63oJv5k0/9xgpsekniLGrZ/UXZk34h8kDjEpkRHPzk=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libffi" ];

  meta = {
    description = "Foreign function call interface library";
    homepage = "https://sourceware.org/libffi/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.ada ];
  };
})
