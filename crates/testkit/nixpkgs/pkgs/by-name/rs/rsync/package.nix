{
  lib,
  stdenv,
  fetchurl,
  openssl,
  perl,
  zlib,
  zstd,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "rsync";
  version = "3.4.1";

  src = fetchurl {
    url = "mirror://rsync/rsync-${finalAttrs.version}.shar";
    hash = "sha256-BKkxEXbvTZdOLEihta2+EDJ7HKbNh8tciOfAw6319W4=";
  };

  nativeBuildInputs = [ perl ];
  buildInputs = [
    openssl
    zlib
    zstd
  ];

  configureFlags = [
    "--with-program=rsync"
    "--build-tool=perl"
  ];

  meta = {
    description = "Fast incremental file transfer utility";
    homepage = "https://rsync.samba.org/";
    license = lib.licenses.gpl3Plus;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "rsync";
  };
})
