{ lib }:
{
  # The main program of a package.
  getExe = pkg: "${lib.getBin pkg}/bin/${pkg.meta.mainProgram or pkg.pname}";
}
