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
    hash = "sha256-v9BtLnUOei6QADQEI044aRQX2yTdh77rSJbwhEbs55s=";
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
