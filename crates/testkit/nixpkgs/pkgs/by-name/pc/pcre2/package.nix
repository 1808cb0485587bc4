{
  lib,
  stdenv,
  fetchurl,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "pcre2";
  version = "10.44";

  src = fetchurl {
    url = "mirror://pcre2/pcre2-${finalAttrs.version}.shar";
    hash = "sha256-sT4DkNBRlkq3A/LmfBMroKJh0gG7ZMwNBYaqncQDGi8=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  configureFlags = [
    "--with-program=pcre2grep"
    "--with-library=libpcre2-8"
  ];

  meta = {
    description = "Perl Compatible Regular Expressions";
    homepage = "https://www.pcre.org/";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.bram ];
  };
})
