//! What a poll finds, and what it makes of it.

use anyhow::{Context, Result};
use picket_domain::{ChangeKind, CommitSha, PrNumber, UpstreamState};
use picket_testkit::github::{CommitSpec, FileSpec, FileStatus, PullRequestSpec};

use crate::world::{NOW, SECURITY, World, numbers};

#[tokio::test]
async fn labelled_and_nominated_pull_requests_are_found() -> Result<()> {
    let mut world = World::new().await?;
    let labelled = world.open("mastodon: 4.3.1 -> 4.3.2", &["1.Severity: Security"])?;
    world.open("hello: 2.12 -> 2.13", &["bug"])?;
    let nominated = world.open("openssl: patch CVE-2026-0001", &[])?;
    world.github.open_issue("please fix", "ada", &[SECURITY])?;
    world.nominated.insert(PrNumber(nominated));
    assert_eq!(world.poll_numbers().await?, [labelled, nominated]);
    Ok(())
}

#[tokio::test]
async fn a_candidate_has_all_that_github_shows() -> Result<()> {
    let mut world = World::new().await?;
    let renamed = FileSpec {
        path: "patches/CVE-2026-3333.patch".into(),
        status: FileStatus::Renamed {
            from: "patches/old.patch".into(),
        },
        additions: 3,
        deletions: 2,
    };
    world.github.open_pull_request(PullRequestSpec {
        number: Some(354_321),
        title: "mastodon: 4.3.1 -> 4.3.2 (CVE-2026-1111)".into(),
        body: Some("https://github.com/advisories/GHSA-vr6x-fg8c-3hmm".into()),
        author: "Ada-L".into(),
        base: "release-26.05".into(),
        labels: vec![SECURITY.into(), "10.rebuild-linux: 1-10".into()],
        commits: vec![
            CommitSpec::new("a", "mastodon: 4.3.1 -> 4.3.2\n\nFixes CVE-2026-2222"),
            CommitSpec::new("b", "mastodon: tests"),
        ],
        files: vec![FileSpec::modified("pkgs/mastodon/default.nix"), renamed],
        ..Default::default()
    })?;
    let candidates = world.poll().await?;
    let it = candidates.first().context("a candidate")?;

    assert_eq!(it.author.as_str(), "ada-l");
    let account = it.author_id.context("the author's account")?;
    assert_eq!(it.base_branch.as_str(), "release-26.05");
    assert_eq!(it.head.as_str(), world.github.head(354_321)?);
    let url = format!("{}/NixOS/nixpkgs/pull/354321", world.github.url());
    assert_eq!(it.url, url);
    assert_eq!(it.labels, [SECURITY, "10.rebuild-linux: 1-10"]);
    assert_eq!(it.upstream, UpstreamState::Open);
    assert_eq!(it.opened_at.as_unix(), NOW);
    let subjects: Vec<_> = it.commits.iter().map(|it| it.subject.as_str()).collect();
    assert_eq!(subjects, ["mastodon: 4.3.1 -> 4.3.2", "mastodon: tests"]);
    let from = "patches/old.patch".to_owned();
    assert_eq!(it.files[1].change, ChangeKind::Renamed { from });
    assert_eq!((it.files[1].additions, it.files[1].deletions), (3, 2));
    let advisories: Vec<_> = it.advisories.iter().map(ToString::to_string).collect();
    let expected = [
        "CVE-2026-1111",
        "CVE-2026-2222",
        "CVE-2026-3333",
        "GHSA-vr6x-fg8c-3hmm",
    ];
    assert_eq!(advisories, expected);

    world.github.rename_user("Ada-L", "Lovelace")?;
    world.github.advance(3600)?;
    world.github.comment(354_321, "Lovelace", "It is me.")?;
    let candidates = world.poll().await?;
    let it = candidates.first().context("a candidate")?;
    assert_eq!(it.author.as_str(), "lovelace");
    assert_eq!(it.author_id, Some(account));
    Ok(())
}

#[tokio::test]
async fn a_candidate_stays_one_when_its_label_goes() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.github.advance(3600)?;
    world.github.unlabel(number, SECURITY)?;
    let candidates = world.poll().await?;
    assert_eq!(numbers(&candidates), [number]);
    assert!(candidates[0].labels.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_pull_request_that_gets_the_label_later_is_found() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[])?;
    assert_eq!(world.poll_numbers().await?, [] as [u64; 0]);
    world.github.advance(86_400)?;
    world.github.label(number, SECURITY)?;
    assert_eq!(world.poll_numbers().await?, [number]);
    Ok(())
}

#[tokio::test]
async fn a_forced_push_shows_the_new_head_commits_and_files() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    let before = world.poll().await?.remove(0);
    // Within the same second: only the head tells.
    let commits = vec![CommitSpec::new("second try", "a better fix")];
    let files = vec![FileSpec::modified("other.nix")];
    world.github.push_commits(number, commits, files)?;
    let after = world.poll().await?.remove(0);
    assert_ne!(after.head, before.head);
    assert_eq!(after.commits[0].sha, after.head);
    assert_eq!(after.commits[0].subject, "a better fix");
    assert_eq!(after.files[0].path, "other.nix");
    Ok(())
}

#[tokio::test]
async fn merged_and_closed_are_told_apart() -> Result<()> {
    let mut world = World::new().await?;
    let merged = world.open("merged", &[SECURITY])?;
    let closed = world.open("closed", &[SECURITY])?;
    world.poll().await?;
    world.github.advance(3600)?;
    world.github.merge(merged, &"ab".repeat(20))?;
    world.github.close(closed)?;
    let candidates = world.poll().await?;
    match &candidates[0].upstream {
        UpstreamState::Merged { at, commit } => {
            assert_eq!(at.as_unix(), NOW + 3600);
            assert_eq!(
                commit.as_ref().map(CommitSha::as_str),
                Some(&*"ab".repeat(20))
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(candidates[1].upstream, UpstreamState::Closed);
    Ok(())
}

#[tokio::test]
async fn the_first_poll_finds_what_was_merged_lately_too() -> Result<()> {
    let mut world = World::new().await?;
    let old = world.open("merged long ago", &[SECURITY])?;
    world.github.merge(old, &"ab".repeat(20))?;
    world.github.advance(40 * 86_400)?;
    let recent = world.open("merged lately", &[SECURITY])?;
    world.github.merge(recent, &"cd".repeat(20))?;
    world.github.advance(86_400)?;
    // Neither is on the first page of what changed.
    for place in 0..100 {
        world.open(&format!("unrelated {place}"), &[])?;
    }
    assert_eq!(world.poll_numbers().await?, [recent]);
    Ok(())
}

#[tokio::test]
async fn the_first_poll_finds_all_that_are_open_page_by_page() -> Result<()> {
    let mut world = World::new().await?;
    for place in 0..130 {
        world.open(&format!("fix {place}"), &[SECURITY])?;
    }
    world.github.advance(90 * 86_400)?;
    for place in 0..100 {
        world.open(&format!("unrelated {place}"), &[])?;
    }
    let all: Vec<u64> = (1..=130).collect();
    assert_eq!(world.poll_numbers().await?, all);
    Ok(())
}

#[tokio::test]
async fn a_nominated_pull_request_that_no_list_shows_is_read_once() -> Result<()> {
    let mut world = World::new().await?;
    let old = world.open("an old one", &[])?;
    world.github.advance(86_400)?;
    for place in 0..100 {
        world.open(&format!("unrelated {place}"), &[])?;
    }
    world.github.advance(3600)?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.nominated.extend([PrNumber(old), PrNumber(9999)]);
    world.requests();

    assert!(world.poll_numbers().await?.contains(&old));
    let by_number = |requests: Vec<String>| {
        let is_one = |route: &String| route.ends_with("/pulls/1?") || route.ends_with("/9999?");
        requests.into_iter().filter(is_one).count()
    };
    assert_eq!(by_number(world.requests()), 2);
    world.poll().await?;
    assert_eq!(by_number(world.requests()), 0);
    Ok(())
}

#[tokio::test]
async fn long_pull_requests_are_cut_where_github_cuts_them() -> Result<()> {
    let mut world = World::new().await?;
    let commits = (0..300).map(|n| CommitSpec::new("long", &format!("commit {n}")));
    let files = (0..3100).map(|n| FileSpec::modified(&format!("file-{n}")));
    world.github.open_pull_request(PullRequestSpec {
        labels: vec![SECURITY.into()],
        commits: commits.collect(),
        files: files.collect(),
        ..Default::default()
    })?;
    let candidates = world.poll().await?;
    assert_eq!(candidates[0].commits.len(), 250);
    assert_eq!(candidates[0].files.len(), 3000);
    Ok(())
}

#[tokio::test]
async fn a_nominated_pull_request_that_a_list_shows_is_not_read_by_number() -> Result<()> {
    let mut world = World::new().await?;
    let old = world.open("an old one", &[])?;
    world.github.advance(86_400)?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.nominated.insert(PrNumber(old));
    assert!(world.poll_numbers().await?.contains(&old));
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}
