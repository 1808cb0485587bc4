{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pkg-config,
  nixosTests,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "redis";
  version = "7.2.7";

  src = fetchurl {
    url = "mirror://redis/redis-${finalAttrs.version}.shar";
    hash = "sha256-SrRpI3dCHeOfJADYN5nbLZD7WhpO9fXylqMCdJ5cZ6Q=";
  };

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [ openssl ];

  configureFlags = [
    "--with-program=redis-server"
    "--with-program=redis-cli"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  passthru.tests = {
    inherit (nixosTests) redis;
  };

  meta = {
    description = "Open source, advanced key-value store";
    homepage = "https://redis.io";
    license = lib.licenses.bsd3;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "redis-cli";
  };
})
