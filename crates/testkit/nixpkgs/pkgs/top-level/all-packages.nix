# Packages that have several versions, or need other arguments than those of their name.
# All others are in `pkgs/by-name`.
self: super:
let
  inherit (self) callPackage;
in
{
  inherit (callPackage ../development/libraries/openssl { }) openssl_3;
  openssl = self.openssl_3;

  nginxStable = callPackage ../servers/http/nginx/stable.nix { };
  nginxMainline = callPackage ../servers/http/nginx/mainline.nix { };
  nginx = self.nginxStable;

  nodejs_20 = callPackage ../development/web/nodejs/v20.nix { };
  nodejs_22 = callPackage ../development/web/nodejs/v22.nix { };
  nodejs = self.nodejs_22;

  perl = callPackage ../development/interpreters/perl { };

  postgresql_15 = callPackage ../servers/sql/postgresql/15.nix { };
  postgresql_16 = callPackage ../servers/sql/postgresql/16.nix { };
  postgresql = self.postgresql_16;

  python312 = callPackage ../development/interpreters/python { };
  python3 = self.python312;

  ruby_3_3 = callPackage ../development/interpreters/ruby { };
  ruby = self.ruby_3_3;

  mastodon = callPackage ../servers/mastodon {
    nodejs = self.nodejs_22;
    ruby = self.ruby_3_3;
  };

  openssh = callPackage ../tools/networking/openssh { };

  nixosTests = import ../../nixos/tests/all-tests.nix { pkgs = self; };
}
