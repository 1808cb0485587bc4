# A server that takes its packages from a channel of Picket's: services.picket-subscriber.
#
# This sets what Nix needs (the binary cache, its key, no hour of waiting for a new release) and
# looks at the channel every hour. The subscription itself is a line of its own:
#
#   nix-channel --add https://security.example.org/nixos-26.05-sec nixos
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

  cfg = config.services.picket-subscriber;
  stateDir = "/var/lib/picket-subscriber";
in
{
  options.services.picket-subscriber = {
    enable = mkEnableOption "a subscription to a security channel of Picket's";

    url = mkOption {
      type = types.strMatching "https?://.+/[^/]+";
      example = "https://security.example.org/nixos-26.05-sec";
      description = "The channel's address, as given to nix-channel.";
    };

    cacheUrl = mkOption {
      type = types.str;
      default = "${dirOf cfg.url}/cache";
      defaultText = lib.literalExpression ''"''${dirOf url}/cache"'';
      description = "The channel's binary cache.";
    };

    publicKeys = mkOption {
      type = types.listOf types.str;
      example = [ "security.example.org-1:5sKzSXHsaLOlXk+3zCmxI4IzFzBTp0QtrJdSZJm4bs4=" ];
      description = ''
        The keys that sign the channel's releases and packages. Get them by another way than from
        the channel's own address.
      '';
    };

    check = {
      enable = mkEnableOption "a regular look at the channel" // {
        default = true;
        example = false;
      };

      package = mkOption {
        type = types.package;
        example = lib.literalExpression "pkgs.callPackage ./picket/deploy/nixos/package.nix { }";
        description = "The package that has bin/picket, which verifies each new release.";
      };

      interval = mkOption {
        type = types.str;
        default = "hourly";
        description = "How often to look, as systemd's OnCalendar takes it.";
      };

      maxAgeHours = mkOption {
        type = types.ints.positive;
        default = 168;
        description = ''
          A release that is older than this many hours is worth a warning. A release comes with each
          fix and each step of the stable channel, so some days may pass without one.
        '';
      };

      metricsDirectory = mkOption {
        type = types.str;
        default = stateDir;
        example = "/var/lib/node-exporter/textfile";
        description = ''
          Folder that node_exporter reads (--collector.textfile.directory), in which
          picket_subscriber.prom is kept. Another one than the default must exist, and the group
          picket-subscriber must be able to write to it.
        '';
      };
    };
  };

  config = mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.publicKeys != [ ];
        message = "services.picket-subscriber.publicKeys is empty: nothing of the channel's cache would be taken.";
      }
      {
        assertion = !(lib.hasSuffix "/nixexprs.tar.xz" cfg.url);
        message = "services.picket-subscriber.url is the address of a file; leave /nixexprs.tar.xz out.";
      }
    ];

    nix.settings = {
      # In addition to the official cache, which is asked first.
      substituters = [ cfg.cacheUrl ];
      trusted-public-keys = cfg.publicKeys;
      # Without this, nix-channel does not even ask for an hour after it asked last.
      tarball-ttl = mkDefault 0;
    };

    users.users.picket-subscriber = mkIf cfg.check.enable {
      isSystemUser = true;
      group = "picket-subscriber";
      description = "Looks at the security channel";
    };
    users.groups.picket-subscriber = mkIf cfg.check.enable { };

    systemd.timers.picket-subscriber = mkIf cfg.check.enable {
      description = "Look at the security channel ${baseNameOf cfg.url}";
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = cfg.check.interval;
        # Servers that look at once would all come at the same second.
        RandomizedDelaySec = "10min";
        Persistent = true;
      };
    };

    systemd.services.picket-subscriber = mkIf cfg.check.enable {
      description = "Look at the security channel ${baseNameOf cfg.url}";
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      path = [
        cfg.check.package
        pkgs.coreutils
        pkgs.curl
        pkgs.jq
        pkgs.openssl
      ];
      environment = {
        CHANNEL_URL = cfg.url;
        PUBLIC_KEYS = lib.concatStringsSep " " cfg.publicKeys;
        MAX_AGE_HOURS = toString cfg.check.maxAgeHours;
        METRICS_DIRECTORY = cfg.check.metricsDirectory;
      };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "${pkgs.runtimeShell} ${./check-channel.sh}";
        User = "picket-subscriber";
        Group = "picket-subscriber";
        StateDirectory = "picket-subscriber";
        StateDirectoryMode = "0755";
        UMask = "0022";
        TimeoutStartSec = "30min";
        ReadWritePaths = lib.optional (cfg.check.metricsDirectory != stateDir) cfg.check.metricsDirectory;

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
        SystemCallArchitectures = "native";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
          "~@resources"
        ];
        SystemCallErrorNumber = "EPERM";
      };
    };
  };
}
