{
  lib,
  stdenv,
  fetchurl,
  cyrus_sasl,
  icu,
  openssl,
  pcre2,
  pkg-config,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "postfix";
  version = "3.10.2";

  src = fetchurl {
    url = "mirror://postfix/postfix-${finalAttrs.version}.shar";
    hash = "sha256-OlAjmVzXHQhHHXFdqQ59RA8A4I/Slkpx3sWghZO3fXo=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    cyrus_sasl
    pcre2
    icu
  ];

  configureFlags = [
    "--with-program=postfix"
    "--with-program=sendmail"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Fast, easy to administer, and secure mail server";
    homepage = "https://www.postfix.org/";
    license = lib.licenses.asl20;
    maintainers = [ lib.maintainers.dmitri ];
    mainProgram = "postfix";
  };
})
