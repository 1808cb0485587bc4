//! Failures of GitHub and of the network.

use std::time::Duration;

use anyhow::Result;
use picket_domain::{PrNumber, Timestamp};
use picket_testkit::github::{Fault, FaultKind, GitHub};
use picket_watcher::{Cursor, Known, Step, WatchError, Watcher};

use crate::world::{DAY, HOUR, SECURITY, World, config};

#[tokio::test]
async fn a_failure_half_way_keeps_what_was_read() -> Result<()> {
    let mut world = World::new().await?;
    world.open("before", &[])?;
    world.poll().await?;
    world.github.advance(DAY)?;
    world.open_many(210, "fix", &[SECURITY])?;
    // The second page of the list, and its second try.
    let kind = FaultKind::Status(502, "Server Error".into());
    world.github.inject(Fault::on("/pulls", 2, kind).after(1));
    let failed = world.poll().await;
    assert!(
        matches!(failed, Err(WatchError::Unavailable(_))),
        "{failed:?}"
    );
    assert_eq!(world.known.len(), 100);
    world.restart()?;
    world.requests();
    assert_eq!(world.poll().await?.len(), 110);
    assert!(world.requests()[0].ends_with("page=2"), "it goes on there");
    Ok(())
}

#[tokio::test]
async fn one_pull_request_that_fails_holds_no_other_one_up() -> Result<()> {
    let html = b"<html>502</html>".to_vec();
    let kinds = [
        FaultKind::Status(403, "Repository access blocked".into()),
        FaultKind::Status(404, "Not Found".into()),
        FaultKind::Status(410, "Gone".into()),
        FaultKind::Status(422, "Validation Failed".into()),
        FaultKind::Status(500, "Server Error".into()),
        FaultKind::Status(502, "Bad Gateway".into()),
        FaultKind::Body(html),
        FaultKind::Body(b"{\"message\": \"hm\"}".to_vec()),
        FaultKind::Body(b"{\"number\": 2,".to_vec()),
        FaultKind::Body(Vec::new()),
        FaultKind::Stall,
    ];
    for kind in kinds {
        let mut world = World::new().await?;
        let odd = world.open("nominated", &[])?;
        world.github.advance(DAY)?;
        world.open_many(100, "unrelated", &[])?;
        world.github.advance(HOUR)?;
        world.open("newest", &[])?;
        world.poll().await?;
        world.watcher = Watcher::new(config(&world.github, Some(&world.token))?)?
            .with_timeout(Duration::from_secs(3));
        world.nominated.insert(PrNumber(odd));
        world.github.inject(Fault::on("/pulls/1", 1, kind.clone()));
        let fix = world.open("a fix", &[SECURITY])?;
        assert_eq!(world.poll_numbers().await?, [fix], "{kind:?}");
        assert_eq!(world.complaints().len(), 1, "{kind:?}");
        world.github.advance(61)?;
        assert!(world.poll_numbers().await?.contains(&odd), "{kind:?}");
        assert!(world.complaints().is_empty(), "{kind:?}");
    }
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
async fn rate_limits_say_until_when_and_a_restart_remembers() -> Result<()> {
    let retry_after = 120;
    for (kind, wait) in [
        (FaultKind::SecondaryRateLimit { retry_after }, 120),
        (FaultKind::TooManyRequests { retry_after }, 120),
        (FaultKind::SecondaryRateLimitWithoutHeaders, 60),
        (FaultKind::RateLimitExceeded, HOUR),
    ] {
        let mut world = World::new().await?;
        world.open("a fix", &[SECURITY])?;
        world.github.inject(Fault::next(1, kind.clone()));
        let before = Timestamp::now();
        let Err(WatchError::RateLimited { until }) = world.poll().await else {
            panic!("{kind:?}: it is no rate limit");
        };
        let from = before.plus_seconds(wait - 5);
        assert!(
            (from..=from.plus_seconds(40)).contains(&until),
            "{kind:?}: {until}"
        );
        // Asking again at once is what a rate limit forbids.
        world.restart()?;
        let again = world.poll().await;
        assert_eq!(again, Err(WatchError::RateLimited { until }), "{kind:?}");
        assert_eq!(world.requests().len(), 1, "{kind:?}");
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
    let failed = first_step(&watcher).await;
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
    let failed = first_step(&watcher).await;
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

async fn first_step(watcher: &Watcher) -> Result<Step, WatchError> {
    let mut cursor = Cursor::default();
    watcher.begin(&mut cursor, &Known::default());
    watcher
        .step(&mut cursor, &Known::default(), &[].into())
        .await
}
