{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "bison";
  version = "3.8.2";

  src = fetchurl {
    url = "mirror://bison/bison-${finalAttrs.version}.shar";
    hash = "sha256-wxPpEgrVkyx5JqtY+YtkXqVybxrO0IshaiyAfzg27xc=";
  };

  configureFlags = [
    "--with-program=bison"
    "--with-program=yacc"
  ];

  meta = {
    description = "Yacc-compatible parser generator";
    homepage = "https://www.gnu.org/software/bison/";
    license = lib.licenses.gpl3Plus;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "bison";
  };
})
