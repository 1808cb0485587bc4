{ pkgs, makeTest }:
makeTest {
  name = "sudo";
  packages = [ pkgs.sudo ];
  testScript = ''
    succeed sudo --self-test
    says "linux-pam ${pkgs.linux-pam.version}" sudo --version
  '';
}
