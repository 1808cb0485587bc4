//! Keys and configuration files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use picket_publisher::{PublicKey, SecretKey};
use picket_tests::{Ran, run};
use tempfile::TempDir;

/// A configuration that is good, but for the sign-in of demos.
const CONFIG: &str = r#"data_dir = "state"

[web]
listen = "127.0.0.1:0"
base_url = "http://127.0.0.1:8080"

[web.demo_sign_in]
ada = "lovelace"

[team]
members = ["ada", "grace"]

[github]
repository = "NixOS/nixpkgs"

[upstream]
git = "nixpkgs.git"

[signing]
key_files = ["key"]

[[channel]]
name = "nixos-26.05-sec"
follows = { branch = "nixos-26.05" }
jobs = { file = "nixos/release-small.nix" }
"#;

/// A folder with a configuration and the key that it names.
fn folder(config: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("picket.toml"), config)?;
    let made = keygen(&folder.path().join("key"))?;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    Ok(folder)
}

fn keygen(file: &Path) -> Result<Ran> {
    run([
        "keygen",
        "sec.example.org-1",
        "--out",
        &file.display().to_string(),
    ])
}

/// Runs a command on the folder's configuration; what it wrote, with the folder's name taken out.
fn with_config(folder: &TempDir, command: &[&str]) -> Result<Ran> {
    let file = folder.path().join("picket.toml").display().to_string();
    let mut ran = run(command.iter().copied().chain(["--config", &file]))?;
    let name = folder.path().display().to_string();
    ran.stdout = ran.stdout.replace(&name, "<folder>");
    ran.stderr = ran.stderr.replace(&name, "<folder>");
    Ok(ran)
}

#[test]
fn a_key_is_its_owners_alone_and_never_overwritten() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("key");
    let made = keygen(&file)?;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let mode = fs::metadata(&file)?.permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let public: PublicKey = made.stdout.trim().parse()?;
    assert_eq!(SecretKey::read_file(&file)?.public(), public);
    assert!(!made.stderr.contains(fs::read_to_string(&file)?.trim()));

    let before = fs::read(&file)?;
    let again = keygen(&file)?;
    assert_eq!((again.code, again.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(again.stderr.replace(&file.display().to_string(), "<key>"), @"error: <key> exists, and may hold the only copy of a key; name another file, or move this one");
    assert_eq!(fs::read(&file)?, before);

    let bad = run(["keygen", "two words", "--out", "nowhere/key"])?;
    assert_eq!(bad.code, Some(2), "{}", bad.stderr);
    Ok(())
}

#[test]
fn a_good_configuration_is_said_to_be_good() -> Result<()> {
    let folder = folder(CONFIG)?;
    let ran = with_config(&folder, &["check-config", "--allow-demo-sign-in"])?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let (good, evaluation) = ran.stdout.split_once('\n').context("three lines")?;
    assert_eq!(
        good,
        "<folder>/picket.toml: good; channels: nixos-26.05-sec"
    );
    // Which sandbox there is depends on the machine.
    assert!(evaluation.starts_with("evaluation: "), "{evaluation}");
    let signing = "\nsigning: by this process, with sec.example.org-1\n";
    assert!(evaluation.ends_with(signing), "{evaluation}");
    // A signer that is away is no fault of the configuration.
    let text = CONFIG.replace("key_files = [\"key\"]", "server = \"socket\"");
    fs::write(folder.path().join("picket.toml"), text)?;
    let ran = with_config(&folder, &["check-config", "--allow-demo-sign-in"])?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let says =
        "signing: by a process of its own; now the signer at <folder>/socket cannot be asked";
    assert!(ran.stdout.contains(says), "{}", ran.stdout);
    assert!(!folder.path().join("state").exists(), "it only looks");
    Ok(())
}

#[test]
fn a_bad_configuration_is_named_with_line_and_remedy() -> Result<()> {
    let folder = folder(&CONFIG.replace("members", "people"))?;
    let ran = with_config(&folder, &["check-config", "--allow-demo-sign-in"])?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(ran.stderr, @r"
    error: <folder>/picket.toml:11: unknown field `people`, expected `members` or `targets`
      to mend it: `picket check-config --help` lists every key and what it is for
    ");
    Ok(())
}

/// `picket serve` and `picket check-config` refuse it in the same words.
#[test]
fn sign_in_by_passphrase_must_be_allowed_and_on_loopback() -> Result<()> {
    let demo = folder(CONFIG)?;
    let ran = with_config(&demo, &["serve"])?;
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @r"
    error: <folder>/picket.toml:7: sign-in by passphrase was not allowed
      to mend it: start with --allow-demo-sign-in if this is a demo, or use [web.github_oauth]
    ");
    assert_eq!(with_config(&demo, &["check-config"])?, ran);

    let open = folder(&CONFIG.replace("127.0.0.1:0", "0.0.0.0:0"))?;
    let ran = with_config(&open, &["serve", "--allow-demo-sign-in"])?;
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stderr, @r"
    error: <folder>/picket.toml:7: sign-in by passphrase is for loopback alone
      to mend it: set web.listen to 127.0.0.1:PORT, or use [web.github_oauth]
    ");
    assert!(!open.path().join("state").exists(), "nothing was begun");
    Ok(())
}

#[test]
fn the_audit_log_of_a_database_that_is_not_there_is_not_whole() -> Result<()> {
    let folder = folder(CONFIG)?;
    let ran = with_config(&folder, &["audit-log", "verify"])?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("cannot be reached"), "{}", ran.stderr);
    assert!(!folder.path().join("state").exists());
    Ok(())
}
