{ pkgs, makeTest }:
makeTest {
  name = "openssh";
  packages = [ pkgs.openssh ];
  testScript = ''
    succeed sshd --self-test
    succeed ssh --self-test
    says "openssl ${pkgs.openssl.version}" ssh --version
  '';
}
