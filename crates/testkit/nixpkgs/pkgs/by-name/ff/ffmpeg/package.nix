{
  lib,
  stdenv,
  fetchurl,
  openssl,
  pkg-config,
  xz,
  zlib,
}:

stdenv.mkDerivation (finalAttrs: {
  pname = "ffmpeg";
  version = "7.1.1";

  src = fetchurl {
    url = "mirror://ffmpeg/ffmpeg-${finalAttrs.version}.shar";
    hash = "sha256-MGsFMpdlHUiC0TptyWiVkTwqrCxwjwNgd2qJFyq2fRk=";
  };

  outputs = [
    "bin"
    "dev"
    "out"
  ];

  nativeBuildInputs = [ pkg-config ];
  buildInputs = [
    openssl
    zlib
    xz
  ];

  configureFlags = [
    "--with-program=ffmpeg"
    "--with-program=ffprobe"
    "--with-library=libavcodec"
    "--build-tool=pkg-config"
  ];

  meta = {
    description = "Complete solution to record, convert and stream audio and video";
    homepage = "https://www.ffmpeg.org/";
    license = lib.licenses.lgpl21Plus;
    maintainers = [ lib.maintainers.bram ];
    mainProgram = "ffmpeg";
  };
})
