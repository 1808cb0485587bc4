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
    hash = "sha256-gw1vIQ/5kJ4asKEPr9Dfq1DQ5QePRCuDj1Zy/1J8MhE=";
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
