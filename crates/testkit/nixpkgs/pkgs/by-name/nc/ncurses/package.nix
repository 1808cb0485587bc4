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
    hash = "sha256-BQTbFI9VqfbOH2JeMws5Djc+Fr5WOy9mPa+pahtqgj0=";
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
