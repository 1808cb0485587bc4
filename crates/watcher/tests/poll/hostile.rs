//! Texts that mean harm, and rows that cannot be read.

use anyhow::Result;
use picket_domain::PrNumber;
use picket_testkit::github::{Fault, FaultKind, PullRequestSpec};
use serde_json::{Value, json};

use crate::world::{SECURITY, World};

#[tokio::test]
async fn hostile_texts_are_bounded_and_tamed() -> Result<()> {
    let mut world = World::new().await?;
    world.github.open_pull_request(PullRequestSpec {
        title: format!("\u{1b}[2J<script>\u{202e}{}", "x".repeat(10_000)),
        body: Some(format!("nul \0 here\r\n{}", "ü".repeat(1_000_000))),
        labels: vec![SECURITY.into(), "a\nb".into()],
        ..Default::default()
    })?;
    let it = world.poll().await?.remove(0);
    assert_eq!(it.title.chars().count(), 300);
    assert!(
        it.title.starts_with("\u{fffd}[2J<script>\u{fffd}xxx"),
        "{}",
        it.title
    );
    assert!(it.body.len() <= 64 * 1024);
    assert!(it.body.starts_with("nul \u{fffd} here\nü"));
    assert_eq!(it.labels[1], "a\u{fffd}b");
    Ok(())
}

#[tokio::test]
async fn deleted_accounts_and_forks_are_candidates_too() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    world.github.delete_author(number)?;
    world.github.delete_fork(number)?;
    let it = world.poll().await?.remove(0);
    assert_eq!(it.author.as_str(), "ghost");
    Ok(())
}

#[tokio::test]
async fn one_that_cannot_be_read_does_not_stop_the_others() -> Result<()> {
    let mut world = World::new().await?;
    for base in ["master", "../../etc", "-upload-pack", "master"] {
        world.github.open_pull_request(PullRequestSpec {
            base: base.into(),
            labels: vec![SECURITY.into()],
            ..Default::default()
        })?;
    }
    assert_eq!(world.poll_numbers().await?, [1, 4]);
    insta::assert_snapshot!(world.complaints().join("\n"), @r#"
    #2: "../../etc" is not a branch name
    #3: "-upload-pack" is not a branch name
    "#);
    world.github.advance(60)?;
    world.poll().await?;
    assert_eq!(world.complaints().len(), 2);
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}

#[tokio::test]
async fn odd_fields_cost_at_most_themselves() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(6, "a fix", &[SECURITY])?;
    let mut rows = world.list().await?;
    rows[0]["labels"] = json!([{ "name": null }, null, { "name": SECURITY }]);
    rows[1]["state"] = json!("queued");
    rows[2]["user"] = json!({ "login": "-x-", "id": 1 });
    rows[3]["body"] = Value::Null;
    rows[4]["title"] = Value::Null;
    rows[5]["draft"] = Value::Null;
    let mut body = serde_json::to_string(&rows)?;
    body = body.replacen("a fix 3", "a fix \\ud83d", 1);
    let kind = FaultKind::Body(body.into_bytes());
    world.github.inject(Fault::on("/nixpkgs/pulls", 2, kind));
    assert_eq!(world.poll_numbers().await?, [1, 2, 3, 4, 5, 6]);
    assert_eq!(world.known[&PrNumber(4)].title, "a fix \u{fffd}");
    assert!(world.complaints().is_empty());
    Ok(())
}

#[tokio::test]
async fn bytes_that_are_no_text_cost_only_their_row() -> Result<()> {
    let mut world = World::new().await?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    let list = br#"[{"number": 7, "title": "\ud800", "labels": 3}, {"number"}]"#.to_vec();
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, FaultKind::Body(list)));
    let failed = world.poll().await;
    assert!(
        failed.is_err(),
        "what is not JSON at all is no list: {failed:?}"
    );

    let list = b"[{\"number\": 7, \"title\": \"\\ud800 \xff\", \"labels\": 3}]".to_vec();
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, FaultKind::Body(list)));
    assert_eq!(world.poll_numbers().await?, [] as [u64; 0]);
    assert_eq!(world.complaints().len(), 1);
    assert_eq!(world.poll_numbers().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn a_candidate_that_becomes_unreadable_is_told_as_long_as_it_is() -> Result<()> {
    let mut world = World::new().await?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    let mut rows = world.list().await?;
    rows[0]["head"]["sha"] = json!("--help");
    let kind = FaultKind::Body(serde_json::to_vec(&rows)?);
    for _ in 0..20 {
        let fault = Fault::on("/nixpkgs/pulls", 1, kind.clone());
        world.github.inject(fault);
        world.poll().await?;
        assert_eq!(world.complaints().len(), 1, "each look shows it so");
    }
    Ok(())
}
