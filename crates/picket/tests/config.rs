//! The configuration file: what is taken, and what its errors say.

use std::collections::BTreeSet;
use std::path::Path;

use picket::config::{Allowances, Config, KEYS, SignIn};
use picket_publisher::{KeyName, SecretKey};
use tempfile::TempDir;

/// Every key that the file may hold, each with a value that is taken.
const FULL: &str = r#"
data_dir = "state"
database_url = "postgres://picket@localhost/picket"

[web]
listen = "127.0.0.1:8080"
base_url = "https://sec.example.org"

[web.github_oauth]
client_id = "Iv1.0123456789abcdef"
client_secret_file = "secret"
web = "https://github.example.org"

[team]
members = ["ada", "grace"]

[github]
repository = "NixOS/nixpkgs"
api = "https://api.github.example.org"
label = "1.severity: security"
token_file = "secret"

[upstream]
git = "https://github.com/NixOS/nixpkgs.git"
reference = "nixpkgs"

[signing]
key_files = ["key"]

[nix]
bin_dir = "/usr/bin"
environment = { NIX_REMOTE = "daemon" }
options = { cores = "2" }
restrict_evaluation = true
build_seconds = 3600
silent_seconds = 600

[reconcile]
interval_seconds = 30

[[channel]]
name = "nixos-26.05-sec"
follows = { branch = "nixos-26.05", url = "https://channels.nixos.org/nixos-26.05" }
required_approvals = 2
required_jobs = ["tests.*"]
build_attempts = 2
retry_seconds = 60
push_to = "ssh://git@github.com/example/nixpkgs.git"

[channel.jobs]
file = "nixos/release-small.nix"
attributes = ["nixpkgs"]
arguments = { system = "x86_64-linux" }

[channel.upstream_cache]
url = "https://cache.nixos.org"
store_paths = "https://channels.nixos.org/nixos-26.05/store-paths.xz"
public_keys = ["cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="]
"#;

/// A folder with the files that the configuration names.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("secret"), "s3cret\n").expect("it can be written");
    let name = KeyName::parse("sec.example.org-1").expect("a key's name");
    let key = SecretKey::generate(name).expect("the system has randomness");
    key.write_file(&folder.path().join("key"))
        .expect("it can be written");
    folder
}

fn parse_in(folder: &TempDir, text: &str) -> Result<Config, String> {
    let file = folder.path().join("picket.toml");
    let config = Config::parse(&file, text, Allowances::default());
    config.map_err(|error| {
        error
            .to_string()
            .replace(&folder.path().display().to_string(), "<folder>")
    })
}

fn parse(text: &str) -> Result<Config, String> {
    parse_in(&folder(), text)
}

/// The error for the full file with one line changed.
fn error(line: &str, instead: &str) -> String {
    assert!(FULL.contains(line), "{line:?} is not in the file");
    parse(&FULL.replace(line, instead)).expect_err("this must be refused")
}

#[test]
fn every_key_is_taken() {
    let folder = folder();
    let config = parse_in(&folder, FULL).unwrap();
    assert_eq!(config.data_dir, folder.path().join("state"));
    assert_eq!(config.github.token.as_deref(), Some("s3cret"));
    assert!(matches!(config.web.sign_in, SignIn::GitHub { .. }));
    assert_eq!(config.channels[0].policy.required_approvals, 2);
}

#[test]
fn the_list_of_keys_is_the_files() {
    let table: toml::Table = FULL.parse().unwrap();
    let mut found = BTreeSet::from(["web.demo_sign_in".to_owned()]);
    collect_keys("", &toml::Value::Table(table), &mut found);
    let listed: BTreeSet<_> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(listed, found);
}

/// Keys of nested tables, dotted; tables of free names count as one key.
fn collect_keys(path: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
    let free = ["nix.environment", "nix.options", "channel.jobs.arguments"];
    match value {
        toml::Value::Table(table) if !free.contains(&path) => {
            for (key, value) in table {
                let dot = if path.is_empty() { "" } else { "." };
                collect_keys(&format!("{path}{dot}{key}"), value, found);
            }
        }
        toml::Value::Array(values) if values.iter().all(toml::Value::is_table) => {
            values
                .iter()
                .for_each(|value| collect_keys(path, value, found));
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/picket.toml"), Allowances::default());
    insta::assert_snapshot!(error.unwrap_err(), @"
    /nowhere/picket.toml: cannot read it: No such file or directory (os error 2)
      to mend it: name an existing configuration file with --config
    ");
}

#[test]
fn errors_name_file_line_and_remedy() {
    insta::assert_snapshot!(error("interval_seconds = 30", "interval = 30"), @"
    <folder>/picket.toml:39: unknown field `interval`, expected `interval_seconds`
      to mend it: `picket check-config --help` lists every key and what it is for
    ");
    insta::assert_snapshot!(error("required_approvals = 2", "required_approvals = 0"), @"
    <folder>/picket.toml:44: 0 would let everything through
      to mend it: write 1 or more
    ");
    insta::assert_snapshot!(error("name = \"nixos-26.05-sec\"", "name = \"queue\""), @r#"
    <folder>/picket.toml:42: "queue" is a page of the web UI
      to mend it: write a name as nixos-26.05-sec
    "#);
    insta::assert_snapshot!(error("key_files = [\"key\"]", "key_files = [\"none\"]"), @"
    <folder>/picket.toml:28: the key file <folder>/none: No such file or directory (os error 2)
      to mend it: make a key with `picket keygen NAME --out FILE` and name FILE here
    ");
    insta::assert_snapshot!(error("file = \"nixos/release-small.nix\"", "file = \"../x.nix\""), @r#"
    <folder>/picket.toml:51: "../x.nix" is not inside the tree
      to mend it: write a path relative to the tree's root, as nixos/release-small.nix
    "#);
    insta::assert_snapshot!(error("https://cache.nixos.org\"", "cache.nixos.org\""), @"
    <folder>/picket.toml:56: relative URL without a base
      to mend it: write an address as https://example.org
    ");
    insta::assert_snapshot!(error("repository = \"NixOS/nixpkgs\"", "repository = \"nixpkgs\""), @r#"
    <folder>/picket.toml:18: "nixpkgs" is no GitHub repository
      to mend it: write OWNER/NAME, as NixOS/nixpkgs
    "#);
    insta::assert_snapshot!(error("ssh://git@github.com/example", "git@github.com:example"), @r#"
    <folder>/picket.toml:48: "git@github.com:example/nixpkgs.git" is no address of a git repository that Picket uses
      to mend it: write https://HOST/PATH, ssh://USER@HOST/PATH, or a path
    "#);
    insta::assert_snapshot!(error("https://github.com/NixOS/nixpkgs.git", "ext::sh -c true"), @r#"
    <folder>/picket.toml:24: "ext::sh -c true" is no address of a git repository that Picket uses
      to mend it: write https://HOST/PATH, ssh://USER@HOST/PATH, or a path
    "#);
    insta::assert_snapshot!(error("postgres://picket@", "mysql://picket@"), @"
    <folder>/picket.toml:3: is no address of a database that Picket can use
      to mend it: write sqlite:///path/to/picket.db or postgres://user@host/database
    ");
}

#[test]
fn sign_in_by_passphrase_is_for_demos_on_loopback() {
    let oauth_at = FULL.find("[web.github_oauth]").unwrap();
    let team_at = FULL.find("[team]").unwrap();
    let without = format!("{}{}", &FULL[..oauth_at], &FULL[team_at..]);
    insta::assert_snapshot!(parse(&without).unwrap_err(), @"
    <folder>/picket.toml:6: says nothing of how people sign in
      to mend it: add [web.github_oauth] with client_id and client_secret_file
    ");
    let demo = without.replace("[team]", "[web.demo_sign_in]\nada = \"lovelace\"\n\n[team]");
    insta::assert_snapshot!(parse(&demo).unwrap_err(), @"
    <folder>/picket.toml:9: sign-in by passphrase was not allowed
      to mend it: start with --allow-demo-sign-in if this is a demo, or use [web.github_oauth]
    ");

    let folder = folder();
    let file = folder.path().join("picket.toml");
    let allow = Allowances { demo_sign_in: true };
    assert!(Config::parse(&file, &demo, allow).is_ok());
    let open = demo.replace("127.0.0.1:8080", "0.0.0.0:8080");
    let error = Config::parse(&file, &open, allow).unwrap_err().to_string();
    assert!(error.contains("is for loopback alone"), "{error}");
}
