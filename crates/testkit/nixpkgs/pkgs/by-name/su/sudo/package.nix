{
  lib,
  stdenv,
  fetchurl,
  bison,
  linux-pam,
  zlib,
  nixosTests,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "sudo";
  version = "1.9.16p2";

  src = fetchurl {
    url = "mirror://sudo/sudo-${finalAttrs.version}.shar";
    hash = "sha256-omItcD7svVesvpw462GtmB+UbA7ZljKsL+JvI4q0WKc=";
  };

  nativeBuildInputs = [ bison ];
  buildInputs = [
    linux-pam
    zlib
  ];

  configureFlags = [
    "--with-program=sudo"
    "--with-program=visudo"
    "--build-tool=bison"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) sudo;
  };

  meta = {
    description = "Command to run commands as root";
    homepage = "https://www.sudo.ws/";
    license = lib.licenses.isc;
    maintainers = [ lib.maintainers.ada ];
    mainProgram = "sudo";
  };
})
