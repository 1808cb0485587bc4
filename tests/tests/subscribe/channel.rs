//! `nix-channel`, `nix-env` and `builtins.fetchTarball`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use picket_tests::{Machine, Stage};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{OFFICIAL_KEY, OUR_KEY, current, release_nginx, text, with_mastodon_fixed};

/// The names that Nix gives to what it makes of a channel and of a profile; both count as builds.
const NOT_BUILDS: [&str; 2] = ["nixos-26.05-sec", "user-environment"];

/// A store path's name in a binary cache.
fn narinfo(store_path: &str) -> Result<String> {
    let name = store_path.rsplit('/').next().unwrap_or_default();
    let (hash, _) = name.split_once('-').context("a store path has a hash")?;
    Ok(format!("{hash}.narinfo"))
}

async fn status(url: String) -> Result<StatusCode> {
    Ok(reqwest::get(url).await?.status())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fix_is_installed_without_building() -> Result<()> {
    let stage = with_mastodon_fixed().await?;
    let machine = stage.machine("server")?;
    let channel_url = stage.channel_url()?;
    machine.subscribe(channel_url.as_str())?;
    let listed = machine.run("nix-channel", &["--list"])?;
    assert_eq!(listed, format!("nixos {channel_url}"));

    stage.world.official.forget_requests();
    machine.store.install("nixos", "mastodon")?;
    assert_eq!(
        machine.version_of("mastodon")?,
        "mastodon 4.3.8",
        "the fixed version"
    );
    let built = machine.store.built()?;
    assert_eq!(built, BTreeSet::from(NOT_BUILDS.map(str::to_owned)));

    only_the_fix_is_ours(&stage, &machine).await?;
    it_says_which_release_it_is(&machine, &current(&stage).await?)?;
    installed_names_are_as_usual(&machine)?;
    other_ways_to_subscribe_agree(&stage, &machine).await
}

/// Of the fix's closure, what did not change comes from the official cache and is not in ours; the
/// rest comes from ours, signed with our key.
async fn only_the_fix_is_ours(stage: &Stage, machine: &Machine) -> Result<()> {
    let official = &stage.world.official;
    let mastodon = machine.path_of("mastodon")?;
    let closure = machine.run("nix-store", &["--query", "--requisites", &mastodon])?;
    let (unchanged, changed): (Vec<&str>, Vec<&str>) = {
        let cached = official.cached()?;
        closure.lines().partition(|path| cached.contains(*path))
    };
    assert_eq!(changed, [&*mastodon]);
    assert!(unchanged.len() > 10, "{unchanged:?}");

    let (ours, theirs) = (stage.cache_url()?, official.cache_url());
    for path in changed {
        assert_eq!(machine.signed_by(path)?, [OUR_KEY], "{path}");
        let name = narinfo(path)?;
        assert_eq!(status(format!("{ours}/{name}")).await?, StatusCode::OK);
        assert_eq!(
            status(format!("{theirs}/{name}")).await?,
            StatusCode::NOT_FOUND
        );
    }
    let substituted = official.substituted()?;
    for path in unchanged {
        assert_eq!(machine.signed_by(path)?, [OFFICIAL_KEY], "{path}");
        assert!(substituted.contains(path), "{path} came from elsewhere");
        let name = narinfo(path)?;
        let answer = status(format!("{ours}/{name}")).await?;
        assert_eq!(answer, StatusCode::NOT_FOUND, "{path} is in our cache");
        assert_eq!(status(format!("{theirs}/{name}")).await?, StatusCode::OK);
    }
    Ok(())
}

/// The tree says so itself, and `nixos-version` prints what it says.
fn it_says_which_release_it_is(machine: &Machine, release: &Value) -> Result<()> {
    let (name, rev) = (text(release, "name")?, text(release, "rev")?);
    let version = name.strip_prefix("nixos-").context("a release's name")?;
    let suffix = version
        .strip_prefix("26.05")
        .context("a release's version")?;
    let read = |file: &str| machine.eval(&format!("builtins.readFile <nixos/{file}>"));
    assert_eq!(read(".git-revision")?, rev);
    assert_eq!(read(".version-suffix")?, suffix);
    assert_eq!(machine.eval("(import <nixos/lib>).version")?, version);
    assert_eq!(machine.eval("(import <nixos> { }).lib.version")?, version);

    let system = |key: &str| {
        machine.eval(&format!(
            "(import <nixos/nixos> {{ }}).config.system.nixos.{key}"
        ))
    };
    assert_eq!(system("version")?, version);
    assert_eq!(system("label")?, version);
    assert_eq!(system("revision")?, rev);
    // A channel that is called `nixos` provides `<nixpkgs>` too.
    let other = machine.eval("(import <nixos/nixpkgs> { }).lib.version")?;
    assert_eq!(other, version);
    Ok(())
}

fn installed_names_are_as_usual(machine: &Machine) -> Result<()> {
    assert_eq!(machine.run("nix-env", &["--query"])?, "mastodon-4.3.8");
    let available = [
        "--query",
        "--available",
        "--attr-path",
        "-A",
        "nixos.mastodon",
    ];
    let available = machine.run("nix-env", &available)?;
    let words: Vec<&str> = available.split_whitespace().collect();
    assert_eq!(words, ["nixos.mastodon", "mastodon-4.3.8"]);
    assert_eq!(subscribed(machine)?, "nixos-26.05-sec");
    Ok(())
}

/// The names of the channels in the user's profile of channels.
fn subscribed(machine: &Machine) -> Result<String> {
    let channels = machine.run("sh", &["-c", r#"readlink "$HOME/.nix-defexpr/channels""#])?;
    machine.run("nix-env", &["--profile", &channels, "--query"])
}

/// `builtins.fetchTarball`, the search path that `system.autoUpgrade.channel` sets, and a subscription to
/// one release give the same package.
async fn other_ways_to_subscribe_agree(stage: &Stage, machine: &Machine) -> Result<()> {
    let mastodon = machine.path_of("mastodon")?;
    let expression = format!(
        "(import (builtins.fetchTarball {}/nixexprs.tar.xz) {{ }}).mastodon",
        stage.channel_url()?
    );
    let fetch = [
        "--no-out-link",
        "--option",
        "max-jobs",
        "0",
        "--expr",
        &expression,
    ];
    let stranger = stage.machine("stranger")?;
    assert_eq!(stranger.run("nix-build", &fetch)?, mastodon);
    let nixpkgs = format!("nixpkgs={}/nixexprs.tar.xz", stage.channel_url()?);
    let upgrade = [
        "<nixpkgs>",
        "-A",
        "mastodon",
        "--no-out-link",
        "-I",
        &nixpkgs,
    ];
    assert_eq!(stranger.run("nix-build", &upgrade)?, mastodon);
    assert!(stranger.store.built()?.is_empty());

    let release = current(stage).await?;
    stranger.subscribe(text(&release, "url")?)?;
    let name = text(&release, "name")?;
    assert_eq!(subscribed(&stranger)?, name, "its version is shown");
    assert_eq!(stranger.release()?, name);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_gives_the_next_release() -> Result<()> {
    let stage = with_mastodon_fixed().await?;
    let machine = stage.machine("server")?;
    machine.subscribe(stage.channel_url()?.as_str())?;
    let first = text(&current(&stage).await?, "name")?.to_owned();
    assert_eq!(machine.release()?, first);

    release_nginx(&stage).await?;
    let second = text(&current(&stage).await?, "name")?.to_owned();
    assert_ne!(first, second);
    machine.run("nix-channel", &["--update"])?;
    assert_eq!(
        machine.release()?,
        first,
        "Nix looks for news once an hour, unless it is told otherwise"
    );
    machine.update()?;
    assert_eq!(machine.release()?, second);
    for (attribute, version) in [("nginx", "nginx 1.28.1"), ("mastodon", "mastodon 4.3.8")] {
        machine.store.install("nixos", attribute)?;
        assert_eq!(machine.version_of(attribute)?, version);
        let path = machine.path_of(attribute)?;
        assert_eq!(machine.signed_by(&path)?, [OUR_KEY], "{path}");
    }

    machine.run("nix-channel", &["--rollback"])?;
    assert_eq!(machine.release()?, first);
    Ok(())
}
