{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "libyaml";
  version = "0.2.5";

  src = fetchurl {
    url = "mirror://libyaml/libyaml-${finalAttrs.version}.shar";
    hash = "sha256-sCG+wJr3TMjWf16CCjC141dXbIk+tOsp4HpvNR8uNFc=";
  };

  outputs = [
    "out"
    "dev"
  ];

  configureFlags = [ "--with-library=libyaml" ];

  meta = {
    description = "YAML 1.1 parser and emitter written in C";
    homepage = "https://pyyaml.org/";
    license = lib.licenses.mit;
    maintainers = [ lib.maintainers.ada ];
  };
})
