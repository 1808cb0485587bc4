{
  lib,
  stdenv,
  fetchurl,
  linux-pam,
  openssl,
  pkg-config,
  zlib,
  zstd,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "dovecot";
  version = "2.3.21.1";

  src = fetchurl {
    url = "mirror://dovecot/dovecot-${finalAttrs.version}.shar";
    hash = "sha256-8UIxYOSq1OFJmMeotVc2TSL7deuIrWfg0FEl98feh1A=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    zlib
    zstd
    linux-pam
  ];

  configureFlags = [
    "--with-program=dovecot"
    "--with-program=doveadm"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Open source IMAP and POP3 email server";
    homepage = "https://dovecot.org/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "dovecot";
  };
})
