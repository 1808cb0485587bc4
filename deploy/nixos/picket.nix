# The server: services.picket.
#
# `picket serve` as a user of its own, in a sandbox; and, as another one, `picket sign-server`, which has
# the signing keys. Everything that the
# configuration file may say goes into `settings`; secrets are named by their paths on the server
# and reach the process through systemd's credentials, so that none is in the Nix store.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (lib)
    mkDefault
    mkEnableOption
    mkIf
    mkOption
    types
    ;

  cfg = config.services.picket;
  toml = pkgs.formats.toml { };
  configFile = toml.generate "picket.toml" cfg.settings;

  dataDir = "/var/lib/picket";
  databaseDir = "${dataDir}/database";
  credentials = "/run/credentials/picket.service";
  signerDir = "/var/lib/picket-signer";
  signerKeys = "/run/picket-signer-keys";
  signerSocket = "/run/picket-signer/socket";
  install = "${pkgs.coreutils}/bin/install";

  signingKeys = lib.imap1 (number: file: {
    name = "signing-key-${toString number}";
    inherit file;
  }) cfg.signingKeyFiles;

  secret =
    name: file:
    lib.optional (file != null) {
      inherit name file;
    };
  secrets =
    secret "github-token" cfg.githubTokenFile
    ++ secret "webhook-secret" cfg.webhookSecretFile
    ++ secret "comment-token" cfg.commentTokenFile
    ++ secret "oauth-secret" cfg.oauthSecretFile
    ++ secret "push-key" cfg.pushKeyFile
    ++ (if cfg.signer.enable then [ ] else signingKeys);

  # Copies of the keys that their process alone can read.
  copyKeys =
    from: to:
    lib.concatStringsSep " " (
      [ "${install} -m 0400 -t ${to}" ] ++ map ({ name, ... }: "${from}/${name}") signingKeys
    );

  secretFile =
    what:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      description = ''
        File on the server that holds ${what}. Only root need be able to read it. Write it as a
        string: a path without quotes would be copied to the Nix store, for everybody to read.
      '';
    };

  host = builtins.match "https?://([^/:]+)(:[0-9]+)?/?" (cfg.settings.web.base_url or "");
in
{
  options.services.picket = {
    enable = mkEnableOption "Picket, which keeps a security channel for Nix";

    package = mkOption {
      type = types.package;
      example = lib.literalExpression "pkgs.callPackage ./picket/deploy/nixos/package.nix { }";
      description = "The package that has bin/picket.";
    };

    settings = mkOption {
      type = toml.type;
      default = { };
      example = lib.literalExpression ''
        {
          web.base_url = "https://security.example.org";
          web.github_oauth.client_id = "Iv1.0123456789abcdef";
          team.members = [ "ada" "grace" "edsger" ];
          github.repository = "NixOS/nixpkgs";
          upstream.git = "https://github.com/NixOS/nixpkgs.git";
          channel = [
            {
              name = "nixos-26.05-sec";
              follows.branch = "nixos-26.05";
              jobs.file = "nixos/release-small.nix";
            }
          ];
        }
      '';
      description = ''
        The configuration file; `picket check-config --help` lists every key. The keys that name
        secrets follow from the options beside this one.
      '';
    };

    githubTokenFile = secretFile "a GitHub token with read access to public repositories";
    commentTokenFile = secretFile "a GitHub token with which pull requests are told what became of them, where settings.github.comments.enabled says so";
    webhookSecretFile = secretFile "the secret that GitHub signs its deliveries to /webhooks/github with";
    oauthSecretFile = secretFile "the client secret of the GitHub OAuth app that people sign in with";
    pushKeyFile = secretFile "the SSH key with which a channel's branch and tags are pushed (push_to)";

    signingKeyFiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/var/keys/security.example.org-1" ];
      description = ''
        Files on the server that hold the signing keys, as `picket keygen` writes them: one, or two
        while one replaces the other. Written as strings, as the other secrets.
      '';
    };

    signer.enable = mkOption {
      type = types.bool;
      default = true;
      description = ''
        Whether a process of its own holds the signing keys, without a network, and signs what the
        service may have signed: `picket sign-server`. Without it the service holds them itself.
      '';
    };

    nginx.enable = mkEnableOption ''
      nginx in front of Picket, at the host name of `web.base_url`, with a certificate from ACME.
      Releases and the binary cache are served as files; they stay available while Picket restarts
    '';
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.signingKeyFiles != [ ];
        message = ''
          services.picket.signingKeyFiles names no key: releases must be signed.
          Make one on the server with: picket keygen security.example.org-1 --out /var/keys/security.example.org-1
        '';
      }
      {
        assertion = (cfg.settings.channel or [ ]) != [ ];
        message = "services.picket.settings.channel is empty: name at least one channel.";
      }
      {
        assertion = cfg.settings ? web.base_url;
        message = "services.picket.settings.web.base_url is missing: it is the address that clients use.";
      }
      {
        assertion = !(cfg.settings ? web.demo_sign_in);
        message = ''
          services.picket.settings.web.demo_sign_in is for demonstrations: its passphrases would be in the Nix store.
          Use web.github_oauth.client_id and services.picket.oauthSecretFile.
        '';
      }
      {
        assertion = (cfg.settings ? web.github_oauth.client_id) == (cfg.oauthSecretFile != null);
        message = ''
          People sign in with GitHub: set both services.picket.settings.web.github_oauth.client_id
          and services.picket.oauthSecretFile.
        '';
      }
      {
        assertion = !(lib.any ({ file, ... }: lib.hasPrefix builtins.storeDir file) (secrets ++ signingKeys));
        message = ''
          A secret of services.picket is in the Nix store, where everybody can read it.
          Write the file's path as a string, and put the file on the server by other means.
        '';
      }
      {
        assertion = builtins.match "postgres[a-z]*://[^@/]*:[^@/]*@.*" cfg.settings.database_url == null;
        message = ''
          services.picket.settings.database_url holds a password, which would be in the Nix store.
          Let PostgreSQL know the user picket by its socket (peer authentication) instead.
        '';
      }
      {
        assertion = cfg.nginx.enable -> host != null;
        message = "services.picket.nginx needs web.base_url to be an address without a path, as https://security.example.org.";
      }
    ];

    warnings =
      lib.optional (cfg.githubTokenFile == null) ''
        services.picket.githubTokenFile is not set: GitHub answers 60 requests an hour without a token.
      ''
      ++ lib.optional (!(lib.elem (config.nix.settings.sandbox or true) [ true "true" ])) ''
        nix.settings.sandbox is not on: what services.picket builds can then read this server's files.
      '';

    services.picket.settings = {
      data_dir = dataDir;
      database_url = mkDefault "sqlite://${databaseDir}/picket.db";
      web.listen = mkDefault "127.0.0.1:8080";
      web.github_oauth = mkIf (cfg.oauthSecretFile != null) {
        client_secret_file = "${credentials}/oauth-secret";
      };
      github =
        lib.optionalAttrs (cfg.githubTokenFile != null) {
          token_file = "${credentials}/github-token";
        }
        // lib.optionalAttrs (cfg.webhookSecretFile != null) {
          webhook_secret_file = "${credentials}/webhook-secret";
        }
        // lib.optionalAttrs (cfg.commentTokenFile != null) {
          comments.token_file = "${credentials}/comment-token";
        };
      signing =
        if cfg.signer.enable then
          { server = signerSocket; }
        else
          { key_files = map ({ name, ... }: "/run/picket/${name}") signingKeys; };
      # Builds are the daemon's: this process cannot write to the store, nor start a sandbox.
      nix.environment.NIX_REMOTE = mkDefault "daemon";
    };

    users.users.picket = {
      isSystemUser = true;
      group = "picket";
      home = dataDir;
      description = "Picket";
    };
    users.groups.picket = { };
    users.users.picket-signer = mkIf cfg.signer.enable {
      isSystemUser = true;
      group = "picket-signer";
      home = signerDir;
      description = "Picket's signer";
    };
    users.groups.picket-signer = mkIf cfg.signer.enable { };

    # The same as in ../systemd/picket.service, where each line says why; a test compares them.
    systemd.services.picket = {
      description = "Picket, a security channel for Nix";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ] ++ lib.optional cfg.signer.enable "picket-signer.socket";
      after = [
        "network-online.target"
        "nix-daemon.socket"
        "postgresql.service"
      ]
      ++ lib.optional cfg.signer.enable "picket-signer.socket";
      path = [
        config.nix.package
        pkgs.bubblewrap
        pkgs.git
        pkgs.openssh
      ];
      environment = lib.optionalAttrs (cfg.pushKeyFile != null) {
        GIT_SSH_COMMAND = lib.concatStringsSep " " [
          "ssh -i ${credentials}/push-key -oIdentitiesOnly=yes -oBatchMode=yes"
          "-oConnectTimeout=30 -oServerAliveInterval=30"
        ];
      };
      serviceConfig = {
        Type = "exec";
        User = "picket";
        Group = "picket";
        ExecStartPre = [
          "${install} -d -m 0700 ${databaseDir}"
        ]
        ++ lib.optional (!cfg.signer.enable) (copyKeys credentials "/run/picket");
        ExecStart = "${cfg.package}/bin/picket serve --config ${configFile}";
        LoadCredential = map ({ name, file }: "${name}:${file}") secrets;

        Restart = "on-failure";
        RestartSec = "10s";
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutStopSec = "90s";
        OOMPolicy = "continue";
        LimitNOFILE = 65536;

        StateDirectory = "picket";
        StateDirectoryMode = "0711";
        RuntimeDirectory = "picket";
        RuntimeDirectoryMode = "0700";
        WorkingDirectory = dataDir;
        UMask = "0022";

        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectKernelTunables = true;
        ProtectKernelModules = true;
        ProtectKernelLogs = true;
        ProtectControlGroups = true;
        ProtectClock = true;
        ProtectHostname = true;
        ProtectProc = "invisible";
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
        ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        RemoveIPC = true;
        KeyringMode = "private";
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          # Landlock, which keeps evaluations to one tree.
          "landlock_create_ruleset"
          "landlock_add_rule"
          "landlock_restrict_self"
          # By which it is heard what evaluations read.
          "seccomp"
          "~@privileged"
        ];
        SystemCallErrorNumber = "EPERM";
      };
    };

    # The same as in ../systemd/picket-signer.socket and picket-signer.service.
    systemd.sockets.picket-signer = mkIf cfg.signer.enable {
      description = "The socket of Picket's signer";
      wantedBy = [ "sockets.target" ];
      socketConfig = {
        ListenStream = signerSocket;
        SocketUser = "picket-signer";
        SocketGroup = "picket";
        SocketMode = "0660";
        DirectoryMode = "0755";
      };
    };
    systemd.services.picket-signer = mkIf cfg.signer.enable {
      description = "Picket's signer, which holds the channel's keys";
      requires = [ "picket-signer.socket" ];
      after = [ "picket-signer.socket" ];
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {
        Type = "exec";
        User = "picket-signer";
        Group = "picket-signer";
        LoadCredential = map ({ name, file }: "${name}:${file}") signingKeys;
        ExecStartPre = [ (copyKeys "/run/credentials/picket-signer.service" signerKeys) ];
        ExecStart = lib.concatStringsSep " " (
          [ "${cfg.package}/bin/picket sign-server --state ${signerDir}" ]
          ++ map ({ name, ... }: "--key ${signerKeys}/${name}") signingKeys
          ++ map ({ name, ... }: "--channel ${name}") (cfg.settings.channel or [ ])
          ++ lib.optional (
            cfg.settings ? signing.latest_hours
          ) "--latest-hours ${toString cfg.settings.signing.latest_hours}"
        );

        Restart = "on-failure";
        RestartSec = "10s";
        TimeoutStopSec = "20s";
        LimitNOFILE = 1024;
        MemoryMax = "2G";
        LimitCORE = 0;

        StateDirectory = "picket-signer";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "picket-signer-keys";
        RuntimeDirectoryMode = "0700";
        WorkingDirectory = signerDir;
        UMask = "0077";

        PrivateNetwork = true;
        IPAddressDeny = "any";
        RestrictAddressFamilies = [ "AF_UNIX" ];
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectKernelTunables = true;
        ProtectKernelModules = true;
        ProtectKernelLogs = true;
        ProtectControlGroups = true;
        ProtectClock = true;
        ProtectHostname = true;
        ProtectProc = "invisible";
        ProcSubset = "pid";
        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        RemoveIPC = true;
        KeyringMode = "private";
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
        ];
        SystemCallErrorNumber = "EPERM";
      };
    };

    services.nginx = mkIf (cfg.nginx.enable && host != null) {
      enable = true;
      upstreams.picket.servers.${cfg.settings.web.listen} = { };
      virtualHosts.${builtins.head host} = {
        forceSSL = mkDefault true;
        enableACME = mkDefault true;
        root = "${dataDir}/public";
        extraConfig = "include ${../nginx/picket-locations.conf};";
      };
    };
  };
}
