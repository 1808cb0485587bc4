{
  lib,
  stdenv,
  fetchurl,
  ncurses,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "readline";
  version = "8.2.13";

  src = fetchurl {
    url = "mirror://readline/readline-${finalAttrs.version}.shar";
    hash = "sha256-aR8uNxIrPojGYW1DNRWrxM/ovYjGBHAi3P0FltG4Zf4=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ ncurses ];

  configureFlags = [
    "--with-library=libreadline"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Library for interactive line editing";
    homepage = "https://www.gnu.org/software/readline/";
    license = lib.licenses.gpl3Plus;
    maintainers = [ lib.maintainers.ada ];
  };
})
