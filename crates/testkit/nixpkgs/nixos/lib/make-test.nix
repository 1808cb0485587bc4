# A test: a script that runs the packages that it is given.
{ pkgs }:
{
  name,
  packages,
  testScript,
  meta ? { },
}:
pkgs.runCommand "vm-test-run-${name}" {
  nativeBuildInputs = packages;
  inherit meta;
  passthru = { inherit packages; };
} ''
  # Runs a command and shows what it said.
  succeed() { echo "machine: must succeed: $*"; "$@"; }
  # Checks that a command says a certain thing.
  says() {
      local wanted="$1"
      shift
      "$@" | tee said
      grep -qF -- "$wanted" said || { echo "machine: '$*' does not say '$wanted'" >&2; exit 1; }
  }
  ${testScript}
  touch "$out"
''
