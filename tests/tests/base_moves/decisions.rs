//! Decisions that change after a release.

use anyhow::Result;
use picket_domain::PrNumber;
use picket_testkit::github::PullRequestSpec;
use picket_tests::Stage;
use reqwest::StatusCode;

use crate::{MASTODON, candidate, current, has, head_in, manifests, publish_stable, until_release};

const CURL: PrNumber = PrNumber(4300);

#[tokio::test(flavor = "multi_thread")]
async fn a_push_takes_nothing_from_servers_and_needs_new_approvals() -> Result<()> {
    let stage = Stage::open().await?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    let released = current(&stage).await?;
    let fix = stage.world.nixpkgs.fix_mastodon()?;
    assert_eq!(head_in(&released, MASTODON), Some(&*fix.head));

    let pushed = stage.world.nixpkgs.push_again(&fix)?;
    stage.world.github.push(MASTODON.0, &pushed.branch)?;
    stage.until_pick(MASTODON, "awaiting_approval").await?;
    let json = candidate(&stage, MASTODON).await?;
    assert_eq!(json["head"], *pushed.head);
    assert_eq!(
        json["reason"],
        "2 more approvals needed; ada, grace approved an earlier head"
    );
    let page = stage.text(&format!("candidates/{MASTODON}")).await?;
    let stale = format!("approved the earlier head {}", &fix.head[..12]);
    assert_eq!(page.matches(&stale).count(), 2, "{page}");

    let moved = stage.world.nixpkgs.advance_stable()?;
    publish_stable(&stage, &moved)?;
    let next = until_release(&stage, "it follows the base", |it| it["base_rev"] == *moved).await?;
    assert_eq!(head_in(&next, MASTODON), Some(&*fix.head), "still out");

    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    let newest = current(&stage).await?;
    assert_eq!(head_in(&newest, MASTODON), Some(&*pushed.head));
    for manifest in manifests(&stage).await? {
        let head = head_in(&manifest, MASTODON);
        let is_without = manifest["seq"].as_u64() < released["seq"].as_u64();
        assert_eq!(head.is_none(), is_without, "{manifest}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nominated_fix_comes_and_a_vetoed_one_goes() -> Result<()> {
    let mut stage = Stage::make().await?;
    open_unlabelled(&stage)?;
    stage.start()?;
    stage.approve(MASTODON).await?;
    let answer = stage.get(&format!("api/v1/candidates/{CURL}")).await?;
    assert_eq!(
        answer.status(),
        StatusCode::NOT_FOUND,
        "nobody asked for it"
    );

    let (ada, grace) = (stage.person(0).await?, stage.person(1).await?);
    let reason = "Credentials end up at the wrong host.";
    ada.nominate(CURL, reason).await?;
    stage.approve(CURL).await?;
    for pr in [CURL, MASTODON] {
        stage.until_pick(pr, "released").await?;
    }
    let with = current(&stage).await?;
    assert!(stage.text("audit-log").await?.contains(reason));

    grace.veto(CURL, "It breaks our proxies.").await?;
    let without = until_release(&stage, "the vetoed fix is out", |it| !has(it, CURL)).await?;
    assert!(head_in(&without, MASTODON).is_some(), "{without}");
    let json = candidate(&stage, CURL).await?;
    assert_eq!(json["state"], "vetoed");
    assert_eq!(json["reason"], "grace: It breaks our proxies");
    assert_eq!(
        without["base"]["rev"], with["base"]["rev"],
        "it is the veto that made the difference"
    );

    grace.withdraw(CURL, "The proxies were at fault.").await?;
    let json = stage.until_pick(CURL, "awaiting_approval").await?;
    assert!(!has(&json["current"], CURL), "one approval is not enough");
    grace.approve(CURL).await?;
    until_release(&stage, "the fix is back", |it| has(it, CURL)).await?;
    Ok(())
}

/// A pull request that nothing marks as a security fix.
fn open_unlabelled(stage: &Stage) -> Result<()> {
    let fix = stage.world.nixpkgs.fix_curl()?;
    stage.world.github.open_pull_request(PullRequestSpec {
        number: Some(CURL.0),
        title: "curl: take a patch from upstream".to_owned(),
        author: fix.author,
        head_ref: fix.branch,
        ..PullRequestSpec::default()
    })?;
    Ok(())
}
