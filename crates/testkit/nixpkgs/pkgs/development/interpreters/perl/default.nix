{
  lib,
  stdenv,
  fetchurl,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "perl";
  version = "5.40.0";

  src = fetchurl {
    url = "mirror://perl/perl-${finalAttrs.version}.shar";
    hash = "sha256-VupxvtHzB3NKplmX2cLQlOiXVv4BPLKBqhr+2vsiJ4s=";
  };

  buildInputs = [ zlib ];

  configureFlags = [ "--with-program=perl" ];

  meta = {
    description = "Standard implementation of the Perl 5 programming language";
    homepage = "https://www.perl.org/";
    license = lib.licenses.gpl2Plus;
    maintainers = [ lib.maintainers.ada ];
    mainProgram = "perl";
  };
})
