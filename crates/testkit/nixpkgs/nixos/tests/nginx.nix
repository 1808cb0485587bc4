{ pkgs, makeTest }:
makeTest {
  name = "nginx";
  packages = [ pkgs.nginx pkgs.curl ];
  testScript = ''
    succeed nginx --self-test
    succeed curl --self-test
    says "nginx ${pkgs.nginx.version}" nginx --version
  '';
}
