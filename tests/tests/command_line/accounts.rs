//! `picket accounts` beside a running service.

use anyhow::{Context, Result};
use picket_domain::{Identity, Login, Named, PrNumber, Timestamp};
use picket_store::Store;
use picket_tests::{Ran, Stage, eventually, run};
use serde_json::{Value, json};

fn accounts(stage: &Stage, more: &[&str]) -> Result<Ran> {
    let config = stage.world.config_file.display().to_string();
    let config = ["--config", &config];
    run([&["accounts"], more, &config].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_listed_and_freed() -> Result<()> {
    let stage = Stage::open().await?;
    let none = accounts(&stage, &["list"])?;
    assert_eq!(none.stdout, "nobody has signed in yet\n");
    stage.person(0).await?;
    let listed = accounts(&stage, &["list", "--json"])?;
    let listed: Value = serde_json::from_str(&listed.stdout)?;
    assert_eq!(listed[0]["identity"], "passphrase");
    let login = listed[0]["login"].as_str().unwrap_or_default();

    let freed = accounts(&stage, &["unbind", login, "--json"])?;
    assert_eq!((freed.code, freed.stderr.as_str()), (Some(0), ""));
    let freed: Value = serde_json::from_str(&freed.stdout)?;
    assert_eq!(freed, json!({ "login": login, "unbound": "passphrase" }));
    let words = accounts(&stage, &["list"])?.stdout;
    assert_eq!(
        words,
        format!("{login}: nobody's; the next account that signs in keeps it\n")
    );
    let again = accounts(&stage, &["unbind", login])?;
    assert_eq!(again.code, Some(1));
    assert!(
        again.stderr.contains("is bound to no account"),
        "{}",
        again.stderr
    );
    Ok(())
}

/// As if the author of a fix were on the team, and had signed in with GitHub.
async fn sign_author_in(stage: &Stage, pr: PrNumber) -> Result<Login> {
    let database = stage.dir().join("data/picket.db");
    let store = Store::open(&format!("sqlite://{}", database.display())).await?;
    let candidate = eventually("the fix is seen", async || {
        store.candidate(pr).await.ok().flatten()
    });
    let candidate = candidate.await?;
    let (login, now) = (candidate.author, Timestamp::now());
    let id = candidate.author_id.context("GitHub tells whose it is")?;
    let named = Named {
        login: login.clone(),
        id: None,
    };
    store.set_team(&[named], now).await?;
    let _ = store.sign_in(&login, Identity::GitHub(id), now, 60).await?;
    store.close().await;
    Ok(login)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_that_a_pull_request_shows_is_noticed() -> Result<()> {
    const MASTODON: PrNumber = PrNumber(4242);
    let stage = Stage::open().await?;
    let author = sign_author_in(&stage, MASTODON).await?;
    let github = &stage.world.github;
    github.rename_user(author.as_str(), "somebody-else")?;
    github.comment(MASTODON.0, "somebody-else", "I have a new name.")?;
    let noticed = eventually("the rename is noticed", async || {
        let listed = accounts(&stage, &["list", "--json"]).ok()?;
        let listed: Value = serde_json::from_str(&listed.stdout).ok()?;
        listed[0]["renamed_at"].as_str().map(|_| listed.clone())
    });
    assert_eq!(noticed.await?[0]["login"], author.as_str());
    let log = stage.text("audit-log").await?;
    assert!(log.contains("goes by somebody-else now"), "{log}");
    Ok(())
}
