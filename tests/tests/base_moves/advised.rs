//! A version bump that says nothing of security becomes a candidate when an advisory names it.

use std::fs;
use std::io::Write;

use anyhow::{Result, ensure};
use picket_domain::PrNumber;
use picket_testkit::github::PullRequestSpec;
use picket_tests::{Stage, eventually};
use serde_json::json;

use crate::{MASTODON, candidate};

const BUMP: PrNumber = PrNumber(412_490);

#[tokio::test(flavor = "multi_thread")]
async fn a_bump_that_an_advisory_names_later_becomes_a_candidate() -> Result<()> {
    let mut stage = Stage::make().await?;
    let fix = stage.world.nixpkgs.fix_curl()?;
    stage.world.github.open_pull_request(PullRequestSpec {
        number: Some(BUMP.0),
        title: "hello: 2.12.1 -> 2.12.2".into(),
        head_ref: fix.branch,
        ..Default::default()
    })?;
    stage.start()?;
    // It is in the same list as the bump.
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    ensure!(
        candidate(&stage, BUMP).await.is_err(),
        "nothing speaks for it"
    );

    let record = json!({
        "id": "GHSA-vr6x-fg8c-3hmm",
        "aliases": ["CVE-2026-40999"],
        "affected": [{
            "package": {"ecosystem": "npm", "name": "hello"},
            "ranges": [{"type": "SEMVER", "events": [{"fixed": "2.12.2"}]}],
        }],
    });
    let path = stage.dir().join("advisories.jsonl");
    let mut text = fs::read(&path)?;
    writeln!(text, "{record}")?;
    fs::write(path.with_extension("new"), text)?;
    fs::rename(path.with_extension("new"), &path)?;
    let found = eventually("it is a candidate", async || {
        candidate(&stage, BUMP).await.ok()
    })
    .await?;
    let advised = &found["evidence"]["advised"];
    assert_eq!(advised[0]["fixed"], "2.12.2", "{found}");
    Ok(())
}
