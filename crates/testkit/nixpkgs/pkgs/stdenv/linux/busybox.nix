# The shell and tools of the standard environment, as a package.
#
# `bootstrap-files` is taken as a folder: the program finds out what it shall do by the name that
# it is called by, and a store path's own name starts with a hash.
{ lib, system }:
let
  bootstrapFiles = ./bootstrap-files;
  drv = derivation {
    name = "busybox";
    inherit system;
    builder = "${bootstrapFiles}/busybox";
    args = [
      "sh"
      "-e"
      ./unpack-bootstrap-tools.sh
    ];
    inherit bootstrapFiles;
  };
in
lib.extendDerivation {
  pname = "busybox";
  meta = {
    description = "Tiny versions of common UNIX utilities in a single small executable";
    homepage = "https://busybox.net/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "busybox";
  };
} drv
