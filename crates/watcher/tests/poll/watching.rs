//! What a poll finds, and what it makes of it.

use anyhow::{Context, Result};
use picket_domain::{CommitSha, JobPattern, PrNumber, Scope, UpstreamState};
use picket_testkit::github::{CommitSpec, FileSpec, PullRequestSpec};
use picket_watcher::Watcher;

use crate::world::{DAY, HOUR, NOW, SECURITY, World, config, numbers};

#[tokio::test]
async fn labelled_and_nominated_pull_requests_are_found() -> Result<()> {
    let mut world = World::new().await?;
    let labelled = world.open("mastodon: 4.3.1 -> 4.3.2", &["1.Severity: Security"])?;
    world.open("hello: 2.12 -> 2.13", &["bug"])?;
    let nominated = world.open("libfoo: 1.0 -> 1.1", &[])?;
    world.github.open_issue("please fix", "ada", &[SECURITY])?;
    world.nominated.insert(PrNumber(nominated));
    assert_eq!(world.poll_numbers().await?, [labelled, nominated]);
    Ok(())
}

#[tokio::test]
async fn what_says_that_it_is_a_security_fix_is_found_unless_that_is_not_wanted() -> Result<()> {
    let mut world = World::new().await?;
    let fix = world.open("openssl: patch CVE-2026-0001", &[])?;
    world.open("openssl: build with zstd", &[])?;
    world
        .github
        .open_issue("CVE-2026-0002 is not fixed", "ada", &[])?;
    assert_eq!(world.poll_numbers().await?, [fix]);

    let mut labelled_only = config(&world.github, Some(&world.token))?;
    labelled_only.unlabelled = false;
    world.watcher = Watcher::new(labelled_only)?;
    world.known.clear();
    assert_eq!(world.poll_numbers().await?, [] as [u64; 0]);
    Ok(())
}

#[tokio::test]
async fn bumps_that_nothing_makes_candidates_are_told_of() -> Result<()> {
    let mut world = World::new().await?;
    let bump = world.open("hello: 2.12.1 -> 2.12.2", &[])?;
    world.open("hello: build with zstd", &[])?;
    world.open("hello: 2.12.1 -> 2.12.3", &[SECURITY])?;
    let mut passed_by = Vec::new();
    world.watcher.begin(&mut world.cursor, &world.known);
    loop {
        let step = world.step().await?;
        passed_by.extend(step.passed_by);
        if step.is_last {
            break;
        }
    }
    let titles = passed_by.iter().map(|it| (it.pr.0, it.title.as_str()));
    let titles: std::collections::BTreeSet<_> = titles.collect();
    assert_eq!(titles, [(bump, "hello: 2.12.1 -> 2.12.2")].into());
    Ok(())
}

/// A backport as nixpkgs' bot makes it.
fn port(of: u64, base: &str) -> PullRequestSpec {
    let body = format!("Bot-based backport to `release-26.05`, triggered by a label in #{of}.");
    PullRequestSpec {
        title: "[Backport release-26.05] a title".into(),
        body: Some(body),
        base: base.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_port_of_what_is_watched_is_found_without_label_and_signs() -> Result<()> {
    let mut world = World::new().await?;
    let fix = world.open("openssl: patch CVE-2026-0001", &[])?;
    let other = world.open("hello: 2.12 -> 2.13", &[])?;
    assert_eq!(world.poll_numbers().await?, [fix]);
    world.github.advance(HOUR)?;
    let found = world.github.open_pull_request(port(fix, "release-26.05"))?;
    world
        .github
        .open_pull_request(port(other, "release-26.05"))?;
    world.github.open_pull_request(port(fix, "master"))?;
    assert_eq!(world.poll_numbers().await?, [fix, found]);

    world.github.advance(HOUR)?;
    let labelled = world.open("curl: fix a hole", &[SECURITY])?;
    let at_once = world
        .github
        .open_pull_request(port(labelled, "release-26.05"))?;
    assert!(world.poll_numbers().await?.contains(&at_once));

    let mut labelled_only = config(&world.github, Some(&world.token))?;
    labelled_only.unlabelled = false;
    world.watcher = Watcher::new(labelled_only)?;
    world.known.remove(&PrNumber(found));
    assert!(!world.poll_numbers().await?.contains(&found));
    Ok(())
}

#[tokio::test]
async fn the_first_look_finds_fixes_of_the_last_week_that_nobody_labelled() -> Result<()> {
    let mut world = World::new().await?;
    world.open("curl: patch CVE-2026-0003", &[])?;
    world.github.advance(8 * DAY)?;
    let fix = world.open("openssl: patch CVE-2026-0001", &[])?;
    world.github.advance(HOUR)?;
    for number in 0..250 {
        world.open(&format!("hello{number}: 2.12 -> 2.13"), &[])?;
    }
    assert_eq!(world.poll_numbers().await?, [fix]);
    Ok(())
}

#[tokio::test]
async fn what_is_about_a_package_in_the_scope_is_found_whatever_it_says() -> Result<()> {
    let mut world = World::new().await?;
    let mut scoped = config(&world.github, Some(&world.token))?;
    scoped.unlabelled = false;
    scoped.scope = Scope::new(vec![JobPattern::parse("mastodon")?]);
    world.watcher = Watcher::new(scoped)?;
    world.open("hello: 2.12 -> 2.13", &[])?;
    let update = world.open("mastodon: 4.3.1 -> 4.3.2", &[])?;
    world.open("openssl: patch CVE-2026-0001", &[])?;
    assert_eq!(world.poll_numbers().await?, [update]);
    Ok(())
}

#[tokio::test]
async fn a_candidate_has_all_that_github_shows() -> Result<()> {
    let mut world = World::new().await?;
    world.github.open_pull_request(PullRequestSpec {
        number: Some(354_321),
        title: "mastodon: 4.3.1 -> 4.3.2 (CVE-2026-1111)".into(),
        body: Some("https://github.com/advisories/GHSA-vr6x-fg8c-3hmm".into()),
        author: "Ada-L".into(),
        base: "release-26.05".into(),
        labels: vec![SECURITY.into(), "10.rebuild-linux: 1-10".into()],
        commits: vec![CommitSpec::new("a", "mastodon: 4.3.1 -> 4.3.2")],
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
    assert_eq!(it.details, None, "git has them");
    let named: Vec<_> = it.named.iter().map(ToString::to_string).collect();
    assert_eq!(named, ["CVE-2026-1111", "GHSA-vr6x-fg8c-3hmm"]);

    world.github.rename_user("Ada-L", "Lovelace")?;
    world.github.advance(HOUR)?;
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
    world.github.advance(HOUR)?;
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
    world.github.advance(DAY)?;
    world.github.label(number, SECURITY)?;
    assert_eq!(world.poll_numbers().await?, [number]);
    Ok(())
}

#[tokio::test]
async fn a_forced_push_shows_the_new_head() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    let before = world.poll().await?.remove(0);
    // Within the same second: only the head tells.
    let commits = vec![CommitSpec::new("second try", "a better fix")];
    let files = vec![FileSpec::modified("other.nix")];
    world.github.push_commits(number, commits, files)?;
    let after = world.poll().await?.remove(0);
    assert_ne!(after.head, before.head);
    assert_eq!(after.head.as_str(), world.github.head(number)?);
    Ok(())
}

#[tokio::test]
async fn merged_closed_and_drafts_are_told_apart() -> Result<()> {
    let mut world = World::new().await?;
    let merged = world.open("merged", &[SECURITY])?;
    let closed = world.open("closed", &[SECURITY])?;
    world.poll().await?;
    world.github.advance(HOUR)?;
    world.github.merge(merged, &"ab".repeat(20))?;
    world.github.close(closed)?;
    let draft = PullRequestSpec {
        is_draft: true,
        labels: vec![SECURITY.into()],
        ..Default::default()
    };
    world.github.open_pull_request(draft)?;
    let candidates = world.poll().await?;
    assert!(candidates[2].is_draft && !candidates[0].is_draft);
    match &candidates[0].upstream {
        UpstreamState::Merged { at, commit } => {
            assert_eq!(at.as_unix(), NOW + HOUR);
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
    world.github.advance(40 * DAY)?;
    let recent = world.open("merged lately", &[SECURITY])?;
    world.github.merge(recent, &"cd".repeat(20))?;
    world.github.advance(DAY)?;
    // Neither is on the first page of what changed.
    world.open_many(100, "unrelated", &[])?;
    assert_eq!(world.poll_numbers().await?, [recent]);
    Ok(())
}

#[tokio::test]
async fn the_first_poll_finds_all_that_are_open_page_by_page() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(130, "fix", &[SECURITY])?;
    world.github.advance(90 * DAY)?;
    world.open_many(100, "unrelated", &[])?;
    let all: Vec<u64> = (1..=130).collect();
    assert_eq!(world.poll_numbers().await?, all);
    Ok(())
}

#[tokio::test]
async fn a_nominated_pull_request_is_looked_for_with_growing_waits() -> Result<()> {
    let mut world = World::new().await?;
    let old = world.open("an old one", &[])?;
    world.github.advance(DAY)?;
    world.open_many(100, "unrelated", &[])?;
    world.github.advance(HOUR)?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.nominated.extend([PrNumber(old), PrNumber(9999)]);
    world.requests();

    assert!(world.poll_numbers().await?.contains(&old));
    assert_eq!(world.complaints(), ["#9999: GitHub answers 404: Not Found"]);
    let by_number = |requests: Vec<String>| {
        let is_one = |route: &String| route.ends_with("/pulls/1?") || route.ends_with("/9999?");
        requests.into_iter().filter(is_one).count()
    };
    assert_eq!(by_number(world.requests()), 2);
    world.poll().await?;
    assert_eq!(
        by_number(world.requests()),
        0,
        "not before a minute is over"
    );
    let late = PullRequestSpec {
        number: Some(9999),
        ..Default::default()
    };
    world.github.open_pull_request(late)?;
    world.github.advance(DAY)?;
    world.open_many(100, "unrelated", &[])?;
    world.poll().await?;
    assert!(world.known.contains_key(&PrNumber(9999)));
    assert!(world.complaints().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_nominated_pull_request_that_a_list_shows_is_not_read_by_number() -> Result<()> {
    let mut world = World::new().await?;
    let old = world.open("an old one", &[])?;
    world.github.advance(DAY)?;
    world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.nominated.insert(PrNumber(old));
    assert!(world.poll_numbers().await?.contains(&old));
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}
