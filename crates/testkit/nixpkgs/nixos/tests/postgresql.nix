{ pkgs, makeTest }:
makeTest {
  name = "postgresql";
  packages = [ pkgs.postgresql ];
  testScript = ''
    succeed postgres --self-test
    succeed psql --self-test
  '';
}
