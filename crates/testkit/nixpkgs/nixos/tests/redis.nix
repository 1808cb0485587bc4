{ pkgs, makeTest }:
makeTest {
  name = "redis";
  packages = [ pkgs.redis ];
  testScript = ''
    succeed redis-server --self-test
    says "redis ${pkgs.redis.version}" redis-cli --version
  '';
}
