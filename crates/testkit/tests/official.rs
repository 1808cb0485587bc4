//! The official side, asked by real Nix clients with stores of their own.

use std::path::Path;

use anyhow::Result;
use picket_testkit::nix::{NixConf, NixStore};
use picket_testkit::nixpkgs::{CHANNEL_BRANCH, Nixpkgs};
use picket_testkit::official::Official;

struct World {
    dir: tempfile::TempDir,
    nixpkgs: Nixpkgs,
    /// Picket's store, which nothing is built in here.
    store: NixStore,
    official: Official,
}

impl World {
    async fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let store = NixStore::create(&dir.path().join("picket"))?;
        let builder = store.twin(&dir.path().join("hydra"))?;
        let address = "127.0.0.1:0".parse()?;
        Ok(Self {
            nixpkgs: Nixpkgs::create(&dir.path().join("nixpkgs.git"))?,
            official: Official::start(&dir.path().join("official"), builder, address).await?,
            store,
            dir,
        })
    }

    /// A subscriber who builds nothing.
    fn client(&self, name: &str) -> Result<NixStore> {
        let client = self.store.twin(&self.dir.path().join(name))?;
        let conf =
            NixConf::substituting(&[&self.official.cache_url()], &[self.official.public_key()]);
        client.configure(&conf.with("tarball-ttl", "0"))?;
        client.run(
            "nix-channel",
            ["--add", &self.official.channel_url(), "nixos"],
        )?;
        Ok(client)
    }
}

/// The version of mastodon that a client has installed.
fn mastodon(client: &NixStore) -> Result<String> {
    let program = client.home().join(".nix-profile/bin/mastodon");
    let said = client.run(&program.display().to_string(), ["--version"])?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_builds_nothing() -> Result<()> {
    let world = World::new().await?;
    let base = world.nixpkgs.tip(CHANNEL_BRANCH)?;
    let release = world.official.publish(&world.nixpkgs, &base)?;
    assert_eq!(release.rev, base);
    assert!(
        release.store_paths.len() > 90,
        "{}",
        release.store_paths.len()
    );

    let client = world.client("client")?;
    client.run("nix-channel", ["--update"])?;
    client.install("nixos", "mastodon")?;
    client.install("nixos", "openssl")?;
    assert_eq!(mastodon(&client)?, "mastodon 4.3.7");
    // The channel and the profile are builds to Nix.
    let built: Vec<String> = client.built()?.into_iter().collect();
    assert_eq!(built, ["nixos-26.05", "user-environment"]);

    let substituted = world.official.substituted()?;
    assert!(
        substituted
            .iter()
            .any(|path| path.ends_with("-mastodon-4.3.7")),
        "{substituted:?}"
    );
    assert!(
        substituted
            .iter()
            .any(|path| path.ends_with("-openssl-3.4.1-bin"))
    );
    assert!(
        !substituted.iter().any(|path| path.contains("-vim-")),
        "{substituted:?}"
    );

    let version = client.run(
        "nix-instantiate",
        ["--eval", "-E", "(import <nixos/lib>).version"],
    )?;
    let suffix = release.name.trim_start_matches("nixos-");
    assert_eq!(version, format!("\"{suffix}\""));
    let missing = world
        .store
        .physical(Path::new(substituted.iter().next().map_or("", |path| path)));
    assert!(!missing.exists(), "the stores are different ones");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_output_of_every_job_can_be_had() -> Result<()> {
    let world = World::new().await?;
    let release = world
        .official
        .publish(&world.nixpkgs, &world.nixpkgs.tip(CHANNEL_BRANCH)?)?;
    let client = world.client("client")?;
    let outputs = release.store_paths.iter().map(String::as_str);
    client.run("nix-store", ["--realise"].into_iter().chain(outputs))?;
    client.run("nix-store", ["--verify", "--check-contents"])?;
    assert_eq!(world.official.substituted()?, world.official.cached()?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_paths_are_refused() -> Result<()> {
    let world = World::new().await?;
    let release = world
        .official
        .publish(&world.nixpkgs, &world.nixpkgs.tip(CHANNEL_BRANCH)?)?;
    let client = world.client("client")?;
    client.configure(
        &NixConf::substituting(&[&world.official.cache_url()], &[]).with("max-jobs", "0"),
    )?;
    let mut command = client.command("nix-store");
    let output = command
        .arg("--realise")
        .args(release.store_paths.first())
        .output()?;
    assert!(!output.status.success());
    assert!(world.official.substituted()?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_moves_and_old_releases_stay() -> Result<()> {
    let world = World::new().await?;
    let old = world
        .official
        .publish(&world.nixpkgs, &world.nixpkgs.tip(CHANNEL_BRANCH)?)?;
    let client = world.client("client")?;
    client.run("nix-channel", ["--update"])?;
    client.install("nixos", "mastodon")?;

    let fix = world.nixpkgs.fix_mastodon()?;
    let backported = world.nixpkgs.backport_to_stable(&fix)?;
    world.official.forget_requests();
    let new = world.official.publish(&world.nixpkgs, &backported)?;
    assert_ne!(new.name, old.name);
    assert_eq!(world.official.publish(&world.nixpkgs, &backported)?, new);

    client.run("nix-channel", ["--update"])?;
    client.install("nixos", "mastodon")?;
    assert_eq!(mastodon(&client)?, "mastodon 4.3.8");
    let substituted = world.official.substituted()?;
    assert_eq!(substituted.len(), 1, "mastodon alone: {substituted:?}");

    // Another test may have done so already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let get = async |path: String| -> Result<String> {
        let response = reqwest::get(format!("{}{path}", world.official.url())).await?;
        Ok(response.error_for_status()?.text().await?)
    };
    assert_eq!(
        get("/nixos-26.05/git-revision".to_owned()).await?,
        backported
    );
    assert_eq!(
        get(format!("/releases/{}/git-revision", old.name)).await?,
        old.rev
    );
    assert!(
        get("/nixos-26.05/binary-cache-url".to_owned())
            .await?
            .ends_with("/cache")
    );
    assert!(
        get("/cache/nix-cache-info".to_owned())
            .await?
            .contains("Priority: 40\n")
    );
    for hidden in [
        "/keys/secret",
        "/cache/../keys/secret",
        "/cache/%2e%2e/keys/secret",
    ] {
        assert!(get(hidden.to_owned()).await.is_err(), "{hidden}");
    }
    Ok(())
}
