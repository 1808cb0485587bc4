{
  lib,
  stdenv,
  fetchurl,
  ncurses,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "vim";
  version = "9.1.1336";

  src = fetchurl {
    url = "mirror://vim/vim-${finalAttrs.version}.shar";
    hash = "sha256-IGe+WPdrwVFxIlb6oRXN+VvxlIVqPZBpjPjOjUxHFao=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ ncurses ];

  configureFlags = [
    "--with-program=vim"
    "--with-program=vimdiff"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Most popular clone of the VI editor";
    homepage = "https://www.vim.org";
    license = lib.licenses.publicDomain;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "vim";
  };
})
