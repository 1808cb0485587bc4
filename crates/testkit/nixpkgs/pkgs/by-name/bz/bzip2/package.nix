{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "bzip2";
  version = "1.0.8";

  src = fetchurl {
    url = "mirror://bzip2/bzip2-${finalAttrs.version}.shar";
    hash = "sha256-NVguFtH9fPs8gkQ7uCpnig9B4UZCEN9XktWQgXtfWUc=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  configureFlags = [
    "--with-program=bzip2"
    "--with-library=libbz2"
  ];

  meta = {
    description = "High-quality data compression program";
    homepage = "https://www.sourceware.org/bzip2";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "bzip2";
  };
})
