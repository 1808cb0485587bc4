{
  lib,
  stdenv,
  fetchurl,
  pkg-config,
  xz,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libxml2";
  version = "2.13.8";

  src = fetchurl {
    url = "mirror://libxml2/libxml2-${finalAttrs.version}.shar";
    hash = "sha256-V9rJCmpLxmWTvuCVNdDhYMCDlxTP3H0YYGtyoY3GiV0=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    zlib
    xz
  ];

  configureFlags = [
    "--with-program=xmllint"
    "--with-library=libxml2"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "XML parsing library for C";
    homepage = "https://gitlab.gnome.org/GNOME/libxml2";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "xmllint";
  };
})
