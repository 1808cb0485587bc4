{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pcre2,
  perl,
  pkg-config,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "wget";
  version = "1.25.0";

  src = fetchurl {
    url = "mirror://wget/wget-${finalAttrs.version}.shar";
    hash = "sha256-t4Hmx6PrZYTWJ2FkyzlwhlS6URToh8Li5VUkXGT5wY4=";
  };

  nativeBuildInputs = [
    pkg-config
    perl
  ];
  buildInputs = [
    openssl
    zlib
    pcre2
  ];

  configureFlags = [
    "--with-program=wget"
    "--build-tool=pkg-config"
    "--build-tool=perl"
  ];

  meta = {
    description = "Tool for retrieving files using HTTP, HTTPS, and FTP";
    homepage = "https://www.gnu.org/software/wget/";
    license = lib.licenses.gpl3Plus;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "wget";
  };
})
