//! What a fix changes is known before anybody approves it, and again on each new base.

use anyhow::{Result, ensure};
use picket_domain::PrNumber;
use picket_tests::{Stage, eventually};
use serde_json::Value;

use crate::{candidate, publish_stable};

const OPENSSL: PrNumber = PrNumber(4245);
const REDIS: PrNumber = PrNumber(4243);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_fix_changes_is_known_before_anybody_approves() -> Result<()> {
    let stage = Stage::open().await?;
    let impact = exact_impact(&stage, OPENSSL).await?;
    let (packages, derivations) = (impact["packages"].clone(), impact["derivations"].clone());
    ensure!(packages.as_u64() > Some(20), "{impact}");
    ensure!(derivations.as_u64() > Some(20), "{impact}");
    assert_eq!(impact["is_partial"], false);
    assert_eq!(
        candidate(&stage, OPENSSL).await?["state"],
        "awaiting_approval"
    );

    let page = stage.text(&format!("candidates/{OPENSSL}")).await?;
    ensure!(page.contains("3.4.1 → 3.4.2"), "{page}");
    let words = format!("{packages} packages, {derivations} builds");
    ensure!(page.contains(&words), "{words}: {page}");
    ensure!(stage.text("queue").await?.contains(&words), "{words}");
    // What does not apply has no tree to look at.
    assert_eq!(candidate(&stage, REDIS).await?["impact"], Value::Null);

    let moved = stage.world.nixpkgs.advance_stable()?;
    publish_stable(&stage, &moved)?;
    eventually("the channel stands on the new base", async || {
        let channel = stage.channel().await.ok()?;
        (channel["base"]["rev"] == *moved).then_some(())
    })
    .await?;
    exact_impact(&stage, OPENSSL).await?;
    Ok(())
}

pub(crate) async fn exact_impact(stage: &Stage, pr: PrNumber) -> Result<Value> {
    eventually("it is known exactly what it changes", async || {
        let impact = candidate(stage, pr).await.ok()?["impact"].clone();
        (impact["certainty"] == "exact").then_some(impact)
    })
    .await
}
