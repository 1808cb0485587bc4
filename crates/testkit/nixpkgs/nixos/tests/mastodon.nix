{ pkgs, makeTest }:
makeTest {
  name = "mastodon";
  packages = [ pkgs.mastodon pkgs.postgresql pkgs.redis pkgs.nginx ];
  testScript = ''
    succeed postgres --self-test
    succeed redis-server --self-test
    succeed nginx --self-test
    succeed mastodon-web --self-test
    succeed mastodon-sidekiq --self-test
    says "mastodon ${pkgs.mastodon.version}" mastodon --version
  '';
}
