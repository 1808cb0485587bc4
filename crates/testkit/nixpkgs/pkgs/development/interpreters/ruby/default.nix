{
  lib,
  stdenv,
  fetchurl,
  bison,
  gmp,
  libffi,
  libyaml,
  openssl,
  pkg-config,
  readline,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "ruby";
  version = "3.3.7";

  src = fetchurl {
    url = "mirror://ruby/ruby-${finalAttrs.version}.shar";
    hash = "sha256-oLytx6dGawMZm/F3FPFgRU0B3nFsDDmkpf3MA/z3li0=";
  };

  nativeBuildInputs = [
    bison
    pkg-config
  ];
  buildInputs = [
    gmp
    libffi
    libyaml
    openssl
    readline
    zlib
  ];

  configureFlags = [
    "--with-program=ruby"
    "--with-program=gem"
    "--with-program=bundle"
    "--with-library=libruby"
    "--build-tool=bison"
    "--build-tool=pkg-config"
  ];

  doCheck = true;

  meta = {
    description = "Object-oriented language for quick and easy programming";
    homepage = "https://www.ruby-lang.org/";
    license = lib.licenses.bsd2;
    maintainers = [ lib.maintainers.chiara ];
    mainProgram = "ruby";
  };
})
