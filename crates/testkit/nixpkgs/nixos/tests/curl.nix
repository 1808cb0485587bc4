{ pkgs, makeTest }:
makeTest {
  name = "curl";
  packages = [ pkgs.curl pkgs.nginx ];
  testScript = ''
    succeed nginx --self-test
    succeed curl --self-test
    says "openssl ${pkgs.openssl.version}" curl --version
  '';
}
