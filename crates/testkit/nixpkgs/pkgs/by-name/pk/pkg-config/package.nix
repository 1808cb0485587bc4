{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "pkg-config";
  version = "0.29.2";

  src = fetchurl {
    url = "mirror://pkg-config/pkg-config-${finalAttrs.version}.shar";
    hash = "sha256-Ihg3AfyMfEgWSlB4WyOK6r2sUTXNT/LsDAf2FIE0kng=";
  };

  configureFlags = [ "--with-program=pkg-config" ];

  meta = {
    description = "Tool that allows packages to find out information about other packages";
    homepage = "https://www.freedesktop.org/wiki/Software/pkg-config/";
    license = lib.licenses.gpl2Plus;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "pkg-config";
  };
})
