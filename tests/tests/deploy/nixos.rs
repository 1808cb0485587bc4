//! The NixOS modules, evaluated with a small stand-in for nixpkgs' `lib` and the rest of NixOS.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use picket_publisher::{KeyName, SecretKey};
use picket_testkit::nix::NixStore;
use picket_tests::run;
use serde_json::{Value, json};

use crate::{deploy, read, replaced};

/// What a server that runs Picket says of it.
pub(crate) const SERVER: &str = r#"{ pkgs }:
{
  services.picket = {
    enable = true;
    package = pkgs.picket;
    githubTokenFile = "/run/secrets/github-token";
    webhookSecretFile = "/run/secrets/webhook";
    commentTokenFile = "/run/secrets/comments";
    oauthSecretFile = "/run/secrets/oauth";
    pushKeyFile = "/run/secrets/push-key";
    signingKeyFiles = [ "/var/keys/one" "/var/keys/two" ];
    nginx.enable = true;
    settings = {
      signing.latest_hours = 48;
      web.base_url = "https://security.example.org";
      web.github_oauth.client_id = "Iv1.0123456789abcdef";
      team.members = [ "ada" "grace" ];
      github.repository = "NixOS/nixpkgs";
      github.comments.enabled = true;
      upstream.git = "https://github.com/NixOS/nixpkgs.git";
      channel = [
        {
          name = "nixos-26.05-sec";
          follows.branch = "nixos-26.05";
          jobs.file = "nixos/release-small.nix";
        }
      ];
    };
  };
}
"#;

/// What a server that subscribes says of it.
pub(crate) const SUBSCRIBER: &str = r#"{ pkgs }:
{
  services.picket-subscriber = {
    enable = true;
    url = "https://security.example.org/nixos-26.05-sec";
    publicKeys = [ "security.example.org-1:5sKzSXHsaLOlXk+3zCmxI4IzFzBTp0QtrJdSZJm4bs4=" ];
    check.package = pkgs.picket;
    check.metricsDirectory = "/var/lib/node-exporter";
  };
}
"#;

/// What a module makes of a server's settings; an error is what Nix says.
pub(crate) fn evaluate(module: &str, settings: &str) -> Result<Value> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("settings.nix");
    fs::write(&file, settings)?;
    let store = NixStore::create(&dir.path().join("nix"))?;
    let output = store
        .command("nix-instantiate")
        .args(["--eval", "--strict", "--json"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/nixos.nix"))
        .args(["--arg", "module"])
        .arg(deploy(module))
        .args(["--arg", "settings"])
        .arg(&file)
        .output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The messages of the assertions that fail; each one's first line.
fn refused(settings: &str) -> Result<String> {
    let made = evaluate("nixos/picket.nix", settings)?;
    let messages = made["failed"].as_array().context("it was not refused")?;
    let messages = messages.iter().filter_map(|it| it.as_str()?.lines().next());
    Ok(messages.collect::<Vec<_>>().join("\n"))
}

/// Every file is Nix, package.nix too, which only nixpkgs can evaluate.
#[test]
fn every_file_can_be_read_by_nix() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(dir.path())?;
    let mut files = 0;
    for entry in fs::read_dir(deploy("nixos"))? {
        let file = entry?.path();
        if file.extension().is_some_and(|it| it == "nix") {
            store.run("nix-instantiate", ["--parse", &file.display().to_string()])?;
            files += 1;
        }
    }
    assert_eq!(files, 3);
    Ok(())
}

/// The configuration that the module writes is one that the program takes.
#[test]
fn the_modules_configuration_is_good() -> Result<()> {
    let made = evaluate("nixos/picket.nix", SERVER)?;
    let config = toml::to_string(&made["settings"])?;
    assert_eq!(check_config(&config, &[])?, "");
    let made = evaluate("nixos/picket.nix", &without_signer()?)?;
    let config = toml::to_string(&made["settings"])?;
    let keys = ["signing-key-1", "signing-key-2"];
    assert_eq!(check_config(&config, &keys)?, "");
    Ok(())
}

#[test]
fn the_example_configuration_is_good() -> Result<()> {
    let config = read("systemd/picket.toml")?;
    assert_eq!(check_config(&config, &[])?, "");
    let with_push = replaced(&config, "#push_to", "push_to")?;
    assert_eq!(check_config(&with_push, &[])?, "");
    Ok(())
}

/// What `picket check-config` has against a configuration, with secrets in the places of those that
/// it names.
fn check_config(config: &str, keys: &[&str]) -> Result<String> {
    let dir = tempfile::tempdir()?;
    let there = format!("{}/", dir.path().display());
    let config = replaced(config, "/run/credentials/picket.service/", &there)?;
    let config = match keys {
        [] => config,
        _ => replaced(&config, "/run/picket/", &there)?,
    };
    for secret in [
        "github-token",
        "oauth-secret",
        "webhook-secret",
        "comment-token",
    ] {
        fs::write(dir.path().join(secret), "secret")?;
    }
    for key in keys {
        SecretKey::generate(KeyName::parse(key)?)?.write_file(&dir.path().join(key))?;
    }
    let file = dir.path().join("picket.toml");
    fs::write(&file, config)?;
    let ran = run(["check-config", "--config", &file.display().to_string()])?;
    Ok(ran.stderr)
}

/// Each secret that the configuration names is one that systemd hands over.
#[test]
fn every_secret_is_a_credential() -> Result<()> {
    let made = evaluate("nixos/picket.nix", SERVER)?;
    let service = &made["systemd"]["services"]["picket"]["serviceConfig"];
    assert_eq!(
        service["LoadCredential"],
        json!([
            "github-token:/run/secrets/github-token",
            "webhook-secret:/run/secrets/webhook",
            "comment-token:/run/secrets/comments",
            "oauth-secret:/run/secrets/oauth",
            "push-key:/run/secrets/push-key",
        ])
    );
    let settings = &made["settings"];
    let credential = |name: &str| json!(format!("/run/credentials/picket.service/{name}"));
    assert_eq!(settings["github"]["token_file"], credential("github-token"));
    assert_eq!(
        settings["github"]["webhook_secret_file"],
        credential("webhook-secret")
    );
    assert_eq!(
        settings["github"]["comments"]["token_file"],
        credential("comment-token")
    );
    assert_eq!(
        settings["web"]["github_oauth"]["client_secret_file"],
        credential("oauth-secret")
    );
    assert!(!made.to_string().contains("/nix/store/keys"));
    Ok(())
}

/// Whichever process has the keys: they are credentials of it, and copied to where it looks.
#[test]
fn the_keys_are_one_process_s() -> Result<()> {
    let own = evaluate("nixos/picket.nix", SERVER)?;
    let none = evaluate("nixos/picket.nix", &without_signer()?)?;
    assert_eq!(none["systemd"]["services"]["picket-signer"], Value::Null);
    assert_eq!(none["systemd"]["sockets"], json!({}));
    for (made, name, to) in [
        (&own, "picket-signer", "/run/picket-signer-keys"),
        (&none, "picket", "/run/picket"),
    ] {
        let service = &made["systemd"]["services"][name]["serviceConfig"];
        let loaded = service["LoadCredential"].to_string();
        let prepared = service["ExecStartPre"].to_string();
        let from = format!("/run/credentials/{name}.service");
        let copied = format!("install -m 0400 -t {to} {from}/signing-key-1 {from}/signing-key-2");
        assert!(prepared.contains(&copied), "{prepared}");
        assert!(loaded.contains("signing-key-1:/var/keys/one"), "{loaded}");
        assert!(loaded.contains("signing-key-2:/var/keys/two"), "{loaded}");
    }
    let keys = &none["settings"]["signing"]["key_files"];
    let copies = ["/run/picket/signing-key-1", "/run/picket/signing-key-2"];
    assert_eq!(*keys, json!(copies));
    Ok(())
}

/// The service holds the keys itself.
fn without_signer() -> Result<String> {
    replaced(
        SERVER,
        "nginx.enable = true;",
        "nginx.enable = true; signer.enable = false;",
    )
}

#[test]
fn what_is_missing_is_said() -> Result<()> {
    let empty = "{ pkgs }: { services.picket = { enable = true; package = pkgs.picket; }; }";
    insta::assert_snapshot!(refused(empty)?, @"
    services.picket.signingKeyFiles names no key: releases must be signed.
    services.picket.settings.channel is empty: name at least one channel.
    services.picket.settings.web.base_url is missing: it is the address that clients use.
    ");
    Ok(())
}

#[test]
fn secrets_do_not_go_to_the_store() -> Result<()> {
    let server = replaced(
        SERVER,
        r#""/var/keys/one""#,
        r#""${builtins.storeDir}/one""#,
    )?;
    let server = replaced(
        &server,
        "settings = {",
        r#"settings = {
            database_url = "postgres://picket:secret@localhost/picket";
            web.demo_sign_in.ada = "secret";"#,
    )?;
    insta::assert_snapshot!(refused(&server)?, @"
    services.picket.settings.web.demo_sign_in is for demonstrations: its passphrases would be in the Nix store.
    A secret of services.picket is in the Nix store, where everybody can read it.
    services.picket.settings.database_url holds a password, which would be in the Nix store.
    ");
    Ok(())
}

/// The stand-in is as strict as the real thing: what is misspelt or of a wrong type is an error.
#[test]
fn mistakes_are_noticed() -> Result<()> {
    for (from, to, message) in [
        (
            "pushKeyFile",
            "pushkeyFile",
            "there is no option services.picket.pushkeyFile",
        ),
        (
            "\"/run/secrets/oauth\"",
            "42",
            "services.picket.oauthSecretFile is not of the type",
        ),
        (
            "package = pkgs.picket;",
            "",
            "services.picket.package is used but not defined",
        ),
        (
            "settings = {",
            "settings = { data_dir = \"/srv\";",
            "data_dir has several values",
        ),
    ] {
        let server = replaced(SERVER, from, to)?;
        let said = evaluate("nixos/picket.nix", &server).map_err(|error| error.to_string());
        let said = said.err().with_context(|| format!("{to} was taken"))?;
        assert!(said.contains(message), "{said}");
    }
    Ok(())
}

#[test]
fn nginx_serves_the_public_folder() -> Result<()> {
    let nginx = &evaluate("nixos/picket.nix", SERVER)?["nginx"];
    let site = &nginx["virtualHosts"]["security.example.org"];
    assert_eq!(site["root"], json!("/var/lib/picket/public"));
    let extra = site["extraConfig"].as_str().context("it has locations")?;
    assert!(extra.ends_with("-picket-locations.conf;"), "{extra}");
    assert_eq!(
        nginx["upstreams"]["picket"]["servers"],
        json!({ "127.0.0.1:8080": {} })
    );
    Ok(())
}

#[test]
fn a_subscriber_trusts_and_asks() -> Result<()> {
    let made = evaluate("nixos/subscriber.nix", SUBSCRIBER)?;
    assert_eq!(
        made["nix"]["settings"],
        json!({
            "substituters": ["https://security.example.org/cache"],
            "tarball-ttl": 0,
            "trusted-public-keys": [
                "security.example.org-1:5sKzSXHsaLOlXk+3zCmxI4IzFzBTp0QtrJdSZJm4bs4="
            ],
        })
    );
    // The script takes its settings from these, and stops where one is missing.
    let script = read("nixos/check-channel.sh")?;
    let service = &made["systemd"]["services"]["picket-subscriber"];
    let environment = service["environment"].as_object().context("a set")?;
    for name in environment.keys() {
        assert!(script.contains(&format!("${{{name}:?}}")), "{name}");
    }
    Ok(())
}
