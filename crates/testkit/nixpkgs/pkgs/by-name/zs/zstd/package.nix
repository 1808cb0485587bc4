{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "zstd";
  version = "1.5.7";

  src = fetchurl {
    url = "mirror://zstd/zstd-${finalAttrs.version}.shar";
    hash = "sha256-V7+5IwbJv84YwSL8grU12FNcSxpgDxlCTBrQNUOfrlE=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [ pkg-config ];

  configureFlags = [
    "--with-program=zstd"
    "--with-library=libzstd"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Zstandard real-time compression algorithm";
    homepage = "https://facebook.github.io/zstd/";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "zstd";
  };
})
