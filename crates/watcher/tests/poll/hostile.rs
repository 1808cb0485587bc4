//! Texts that mean harm, and rows that cannot be read.

use anyhow::Result;
use picket_testkit::github::{CommitSpec, Fault, FaultKind, FileSpec, PullRequestSpec};

use crate::world::{SECURITY, World};

#[tokio::test]
async fn hostile_texts_are_bounded_and_tamed() -> Result<()> {
    let mut world = World::new().await?;
    world.github.open_pull_request(PullRequestSpec {
        title: format!("\u{1b}[2J<script>\u{202e}{}", "x".repeat(10_000)),
        body: Some(format!("nul \0 here\r\n{}", "ü".repeat(1_000_000))),
        labels: vec![SECURITY.into(), "a\nb".into()],
        commits: vec![CommitSpec {
            author: "a\u{7}b".into(),
            ..CommitSpec::new("x", &format!("{}\nCVE-2026-1234", "y".repeat(100_000)))
        }],
        files: vec![FileSpec::modified(&format!(
            "a\u{9b}b/{}",
            "z".repeat(9_000)
        ))],
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
    assert_eq!(it.commits[0].author, "a\u{fffd}b");
    assert_eq!(it.commits[0].subject.chars().count(), 300);
    assert_eq!(it.files[0].path.chars().count(), 1024);
    assert!(it.files[0].path.starts_with("a\u{fffd}b/"));
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
    world.github.advance(60)?;
    assert_eq!(world.poll_numbers().await?, [1, 4]);
    // They are not asked for one by one either.
    assert_eq!(world.github.test_merges(), 0);
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
    assert_eq!(world.poll_numbers().await?, [1]);
    Ok(())
}
