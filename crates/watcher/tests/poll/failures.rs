//! Failures of GitHub and of the network.

use std::time::Duration;

use anyhow::Result;
use picket_domain::Timestamp;
use picket_testkit::github::{CommitSpec, Fault, FaultKind, FileSpec, GitHub};
use picket_watcher::{WatchError, Watcher};

use crate::world::{SECURITY, World, config};

#[tokio::test]
async fn a_failure_half_way_loses_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open("before", &[])?;
    world.poll().await?;
    let cursor = world.cursor.clone();
    world.github.advance(86_400)?;
    for place in 0..110 {
        world.open(&format!("fix {place}"), &[SECURITY])?;
    }
    // The second page of the list, then the details of one of them.
    for (path, after) in [("/pulls", 1), ("/pulls/50/commits", 0)] {
        let kind = FaultKind::Status(502, "Server Error".into());
        world.github.inject(Fault::on(path, 2, kind).after(after));
        let failed = world.poll().await;
        assert!(
            matches!(failed, Err(WatchError::Unavailable(_))),
            "{failed:?}"
        );
        assert_eq!(world.cursor, cursor);
    }
    assert_eq!(world.poll().await?.len(), 110);
    Ok(())
}

#[tokio::test]
async fn a_single_failure_is_tried_again_at_once() -> Result<()> {
    let mut world = World::new().await?;
    world.open("a fix", &[SECURITY])?;
    let kind = FaultKind::Status(500, "Server Error".into());
    world.github.inject(Fault::next(1, kind));
    assert_eq!(world.poll_numbers().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn rate_limits_say_until_when() -> Result<()> {
    let mut world = World::new().await?;
    world.open("a fix", &[SECURITY])?;
    let retry_after = 120;
    for (kind, wait) in [
        (FaultKind::SecondaryRateLimit { retry_after }, 120),
        (FaultKind::TooManyRequests { retry_after }, 120),
        (FaultKind::SecondaryRateLimitWithoutHeaders, 60),
    ] {
        world.github.inject(Fault::next(1, kind.clone()));
        world.requests();
        let before = Timestamp::now();
        match world.poll().await {
            Err(WatchError::RateLimited { until }) => {
                let from = before.plus_seconds(wait);
                assert!(
                    (from..=from.plus_seconds(30)).contains(&until),
                    "{kind:?}: {until}"
                );
            }
            other => panic!("{kind:?}: {other:?}"),
        }
        // Asking again at once is what a rate limit forbids.
        assert_eq!(world.requests().len(), 1, "{kind:?}");
    }
    assert_eq!(world.poll_numbers().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn a_used_up_hour_ends_with_the_hour() -> Result<()> {
    let github = GitHub::builder("NixOS", "nixpkgs").rate_limit(0);
    let github = github.start().await?;
    let token = github.add_token("picket-bot");
    let watcher = Watcher::new(config(&github, Some(&token))?)?;
    let before = Timestamp::now();
    match watcher.poll(None, &[].into(), &[].into()).await {
        Err(WatchError::RateLimited { until }) => {
            let wait = until.seconds_since(before);
            assert!((3500..=3700).contains(&wait), "{wait}");
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[tokio::test]
async fn a_silent_server_is_given_up_on() -> Result<()> {
    let mut world = World::new().await?;
    world.github.inject(Fault::next(2, FaultKind::Stall));
    world.watcher = Watcher::new(config(&world.github, Some(&world.token))?)?
        .with_timeout(Duration::from_millis(200));
    let failed = world.poll().await;
    assert!(
        matches!(failed, Err(WatchError::Unavailable(_))),
        "{failed:?}"
    );
    Ok(())
}

#[tokio::test]
async fn nobody_there_is_said_as_such() -> Result<()> {
    let mut world = World::new().await?;
    let config = config(&world.github, None)?;
    drop(std::mem::replace(
        &mut world.github,
        GitHub::start("NixOS", "nixpkgs").await?,
    ));
    let watcher = Watcher::new(config)?;
    let failed = watcher.poll(None, &[].into(), &[].into()).await;
    let text = failed.expect_err("nobody listens there").to_string();
    assert!(text.contains("Connection refused"), "{text}");
    Ok(())
}

#[tokio::test]
async fn what_a_person_has_to_mend_is_said_in_words() -> Result<()> {
    let mut world = World::new().await?;
    let mut messages = Vec::new();
    let kind = FaultKind::Status(
        403,
        "Resource not accessible by personal access token".into(),
    );
    world.github.inject(Fault::next(1, kind));
    messages.push(world.poll().await.expect_err("forbidden"));
    world
        .github
        .inject(Fault::next(1, FaultKind::Body(b"<html>".to_vec())));
    messages.push(world.poll().await.expect_err("no API"));
    world.github.revoke_token(&world.token);
    messages.push(world.poll().await.expect_err("bad token"));

    let mut other = config(&world.github, None)?;
    other.repository = "nixpkg".into();
    let watcher = Watcher::new(other)?;
    let failed = watcher.poll(None, &[].into(), &[].into()).await;
    messages.push(failed.expect_err("no repository"));
    let text: Vec<_> = messages.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    GitHub refuses access (Resource not accessible by personal access token): check the token's permissions and the organisation's rules
    the answer is not one of GitHub's API: check the API address (a list was expected: expected value at line 1 column 1)
    GitHub does not accept the token: it is wrong, expired or revoked. Make a new one (read access to public repositories is enough) and put it into the configuration
    GitHub has no repository NixOS/nixpkg, or the token may not see it: check the name and the token's access
    ");
    Ok(())
}

#[tokio::test]
async fn a_diff_that_github_cannot_make_stops_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open("huge", &[SECURITY])?;
    world.open("small", &[SECURITY])?;
    let message = "Sorry, this diff is taking too long to generate.";
    let kind = FaultKind::Status(500, message.into());
    world.github.inject(Fault::on("/pulls/1/files", 9, kind));
    let candidates = world.poll().await?;
    assert!(candidates[0].files.is_empty());
    assert_eq!(candidates[0].commits.len(), 1);
    assert_eq!(candidates[1].files.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_pull_request_that_vanishes_meanwhile_is_left_out() -> Result<()> {
    let mut world = World::new().await?;
    world.open("hidden", &[SECURITY])?;
    world.open("there", &[SECURITY])?;
    let kind = FaultKind::Status(404, "Not Found".into());
    world.github.inject(Fault::on("/pulls/1/", 9, kind));
    assert_eq!(world.poll_numbers().await?, [2]);
    Ok(())
}

#[tokio::test]
async fn a_push_while_polling_gives_one_head_and_its_commits() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    // The list is the answer to the request before the push.
    let list = world.list().await?.to_string().into_bytes();
    let commits = vec![CommitSpec::new("pushed", "pushed")];
    world
        .github
        .push_commits(number, commits, vec![FileSpec::modified("new.nix")])?;
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, FaultKind::Body(list)));
    let candidates = world.poll().await?;
    assert_eq!(candidates[0].head.as_str(), world.github.head(number)?);
    assert_eq!(candidates[0].commits[0].sha, candidates[0].head);
    assert_eq!(candidates[0].files[0].path, "new.nix");
    Ok(())
}
