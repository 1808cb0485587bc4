{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "ncurses";
  version = "6.5";

  src = fetchurl {
    url = "mirror://ncurses/ncurses-${finalAttrs.version}.shar";
    hash = "sha256-NOO4EkKkg0mxDbQevcaIwn4U3nRGCcAQT8c0a2YwjBw=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [
    "--with-program=tput"
    "--with-library=libncursesw"
  ];

  meta = {
    description = "Free software emulation of curses";
    homepage = "https://www.gnu.org/software/ncurses/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "tput";
  };
})
