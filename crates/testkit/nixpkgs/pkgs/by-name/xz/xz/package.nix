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
    hash = "sha256-ZGtlU6RhgO/UC+tw+kO83nUO9H0sIZheyr/rmGS+H4A=";
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
