//! Throw-away stores: plain ones, and twins that share a logical folder.

use std::fs;
use std::path::Path;

use anyhow::Result;
use picket_testkit::nix::{NixConf, NixStore};

/// A build that needs nothing but a shell.
const HELLO: &str = r#"derivation {
    name = "hello"; system = builtins.currentSystem;
    builder = "/bin/sh"; args = [ "-c" "echo hello > $out" ];
}"#;

fn build(store: &NixStore) -> Result<String> {
    store.run("nix-build", ["--no-out-link", "-E", HELLO])
}

#[test]
fn a_plain_store_is_where_it_says() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(dir.path())?;
    let built = build(&store)?;
    assert!(Path::new(&built).starts_with(store.store_dir()), "{built}");
    assert_eq!(fs::read_to_string(&built)?, "hello\n");
    assert_eq!(store.physical(Path::new(&built)), Path::new(&built));

    let shown = store.run("nix", ["show-config", "--json"])?;
    assert!(shown.contains("\"substituters\":{\"aliases\""), "{shown}");
    Ok(())
}

#[test]
fn twins_agree_on_paths_and_share_nothing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(&dir.path().join("store"))?;
    let twin = store.twin(&dir.path().join("twin"))?;
    let built = build(&twin)?;
    assert!(!Path::new(&built).exists(), "{built}");
    assert_eq!(
        fs::read_to_string(twin.physical(Path::new(&built)))?,
        "hello\n"
    );
    assert!(
        store
            .run("nix-store", ["--query", "--hash", &built])
            .is_err()
    );
    assert_eq!(build(&store)?, built);
    Ok(())
}

#[test]
fn a_store_is_taken_up_again_with_its_configuration() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(dir.path())?;
    store.configure(
        &NixConf::substituting(&["http://127.0.0.1:9/cache"], &[]).with("max-jobs", "0"),
    )?;
    let again = NixStore::create(dir.path())?;
    let shown = again.run("nix", ["show-config"])?;
    assert!(
        shown.contains("substituters = http://127.0.0.1:9/cache\n"),
        "{shown}"
    );
    assert!(shown.contains("max-jobs = 0\n"), "{shown}");
    Ok(())
}

#[test]
fn a_wiped_store_is_empty() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let store = NixStore::create(dir.path())?;
    let built = build(&store)?;
    store.wipe()?;
    assert!(!Path::new(&built).exists());
    assert_eq!(build(&store)?, built);
    Ok(())
}
