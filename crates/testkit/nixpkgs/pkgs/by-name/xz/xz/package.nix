{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "xz";
  version = "5.8.1";

  src = fetchurl {
    url = "mirror://xz/xz-${finalAttrs.version}.shar";
    hash = "sha256-5dCMQz5y+xJ2eKCviglIxFX7wDOV4Pea5Rd2xKgCavo=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  configureFlags = [
    "--with-program=xz"
    "--with-library=liblzma"
  ];

  meta = {
    description = "General-purpose data compression software";
    homepage = "https://tukaani.org/xz";
    license = lib.licenses.publicDomain;
    maintainers = [ lib.maintainers.ada ];
    mainProgram = "xz";
  };
})
