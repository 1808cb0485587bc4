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
    hash = "sha256-vRoDHra5i0++Gq7enPfxYwv9FUpQN8sXS1n1bbV3VSw=";
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
