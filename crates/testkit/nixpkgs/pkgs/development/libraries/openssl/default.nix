{
  lib,
  stdenv,
  fetchurl,
  perl,
}:

let
  common =
    {
      version,
      hash,
      patches ? [ ],
      extraMeta ? { },
    }:
    stdenv.mkDerivation {
      pname = "openssl";
      inherit version patches;

      src = fetchurl {
        url = "mirror://openssl/openssl-${version}.shar";
        inherit hash;
      };

      # Most packages need the libraries alone; programs and headers are outputs of their own.
      outputs = [
        "bin"
        "dev"
        "out"
      ];

      nativeBuildInputs = [ perl ];

      configureFlags = [
        "--with-program=openssl"
        "--with-library=libcrypto"
        "--with-library=libssl"
        "--build-tool=perl"
      ];

      doCheck = true;

      meta = {
        description = "Cryptographic library that implements the SSL and TLS protocols";
        homepage = "https://www.openssl.org/";
        license = lib.licenses.asl20;
        maintainers = [ lib.maintainers.ada ];
        mainProgram = "openssl";
      }
      // extraMeta;
    };
in
{
  openssl_3 = common {
    version = "3.4.1";
    hash = "sha256-3WRIDk+iW77t1Rfy2rDLso38U3Z1cbxbsowbFuc8yRk=";
  };
}
