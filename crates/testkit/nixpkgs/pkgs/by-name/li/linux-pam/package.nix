{
  lib,
  stdenv,
  fetchurl,
  bison,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "linux-pam";
  version = "1.6.1";

  src = fetchurl {
    url = "mirror://linux-pam/linux-pam-${finalAttrs.version}.shar";
    hash = "sha256-Pt7aJcktDaN5KuzxRjhMZhk0HNIX9uGlZwiBpI8bv90=";
  };

  outputs = [
    "out"
    "dev"
  ];

  nativeBuildInputs = [ bison ];

  configureFlags = [
    "--with-program=unix_chkpwd"
    "--with-library=libpam"
    "--build-tool=bison"
  ];

  meta = {
    description = "Pluggable Authentication Modules";
    homepage = "https://github.com/linux-pam/linux-pam";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "unix_chkpwd";
  };
})
