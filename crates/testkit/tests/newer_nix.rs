//! A newer Nix as the official channel's client, and as a builder of the small nixpkgs.
//!
//! Where it cannot be had (no root, no mirror of Debian), the test says why and passes.

use std::path::Path;

use anyhow::Result;
use picket_testkit::nix::{NewerNix, NixConf, NixStore};
use picket_testkit::nixpkgs::{CHANNEL_BRANCH, Nixpkgs};
use picket_testkit::official::Official;

/// The release of Debian whose Nix is asked, and what that Nix is.
const TRIXIE: (&str, &str) = ("trixie", "2.26.");

fn newer(suite: &'static str) -> Option<NewerNix> {
    match NewerNix::prepare(Path::new(env!("CARGO_TARGET_TMPDIR")), suite) {
        Ok(newer) => Some(newer),
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

#[test]
fn it_is_newer() -> Result<()> {
    let (suite, wanted) = TRIXIE;
    let Some(newer) = newer(suite) else {
        return Ok(());
    };
    let version = newer.command("nix").arg("--version").output()?;
    let version = String::from_utf8(version.stdout)?;
    assert!(
        version.starts_with(&format!("nix (Nix) {wanted}")),
        "{version}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_client_subscribes() -> Result<()> {
    match newer(TRIXIE.0) {
        Some(newer) => subscribe(&newer).await,
        None => Ok(()),
    }
}

#[test]
fn a_newer_nix_builds_everything() -> Result<()> {
    newer(TRIXIE.0).map_or(Ok(()), |newer| build_everything(&newer))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "fetches Debian's rolling release, for the newest Nix"]
async fn the_newest_nix_does_all_that() -> Result<()> {
    let Some(newest) = newer("sid") else {
        return Ok(());
    };
    build_everything(&newest)?;
    subscribe(&newest).await
}

/// Subscribes to the official channel, installs and locks a flake, building nothing.
async fn subscribe(newer: &NewerNix) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(&dir.path().join("picket"))?;
    let hydra = store.twin(&dir.path().join("hydra"))?;
    let nixpkgs = Nixpkgs::create(&dir.path().join("nixpkgs.git"))?;
    let address = "127.0.0.1:0".parse()?;
    let official = Official::start(&dir.path().join("official"), hydra, address).await?;
    let release = official.publish(&nixpkgs, &nixpkgs.tip(CHANNEL_BRANCH)?)?;

    let client = store.twin_in(&dir.path().join("client"), newer)?;
    client.configure(&NixConf::substituting(
        &[&official.cache_url()],
        &[official.public_key()],
    ))?;
    client.run("nix-channel", ["--add", &official.channel_url(), "nixos"])?;
    client.run("nix-channel", ["--update"])?;
    client.install("nixos", "mastodon")?;
    let program = client.home().join(".nix-profile/bin/mastodon");
    let said = client.run(&program.display().to_string(), ["--version"])?;
    assert!(said.starts_with("mastodon 4.3.7\n"), "{said}");

    // What the older Nix built is what the newer one would build.
    let flake = format!("{}/nixexprs.tar.xz#openssl", official.channel_url());
    let path = client.run(
        "nix",
        [
            "build",
            "--no-link",
            "--print-out-paths",
            "--max-jobs",
            "0",
            &flake,
        ],
    )?;
    assert!(
        path.lines().all(|path| release.store_paths.contains(path)),
        "{path}"
    );
    assert!(!path.is_empty());
    Ok(())
}

/// Builds all jobs but the aggregate.
fn build_everything(newer: &NewerNix) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let nixpkgs = Nixpkgs::create(&dir.path().join("nixpkgs.git"))?;
    let store = NixStore::create(&dir.path().join("logical"))?;
    let twin = store.twin_in(&dir.path().join("physical"), newer)?;
    let tree = twin.home().join("nixpkgs");
    nixpkgs.export(&nixpkgs.tip(CHANNEL_BRANCH)?, &twin.physical(&tree))?;
    let jobs = tree.join("nixos/release.nix").display().to_string();
    let built = twin.run(
        "nix-build",
        ["--no-out-link", &jobs, "-A", "nixpkgs", "-A", "tests"],
    )?;
    assert!(built.lines().count() > 50, "{built}");
    Ok(())
}
