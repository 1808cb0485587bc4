{
  lib,
  stdenv,
  fetchurl,
  krb5,
  linux-pam,
  openssl,
  pkg-config,
  zlib,
  nixosTests,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "openssh";
  version = "10.0p1";

  src = fetchurl {
    url = "mirror://openssh/openssh-${finalAttrs.version}.shar";
    hash = "sha256-+8fgmRpMnWZzc33wMSMx0zCXTIkO2PXaQzje99ypWQg=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    krb5
    linux-pam
    openssl
    zlib
  ];

  configureFlags = [
    "--with-program=ssh"
    "--with-program=sshd"
    "--with-program=ssh-keygen"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) openssh;
  };

  meta = {
    description = "Implementation of the SSH protocol";
    homepage = "https://www.openssh.com/";
    license = lib.licenses.bsd2;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "ssh";
  };
})
