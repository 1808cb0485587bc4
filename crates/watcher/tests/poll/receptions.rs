//! Reviews and CI, by GraphQL.

use std::time::Duration;

use anyhow::Result;
use picket_domain::{CiState, Login, PrNumber, Reception, ReviewState, Timestamp};
use picket_testkit::github::{CheckSpec, CommitSpec, Fault, FaultKind};
use picket_watcher::{Told, WatchError, Watcher};
use serde_json::{Value, json};

use crate::world::{NOW, World, config};

const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";

/// What is told of one pull request.
async fn read(world: &World, number: u64) -> Result<Told, WatchError> {
    let all = world.watcher.receptions().read(&[PrNumber(number)]).await?;
    Ok(all[&PrNumber(number)].clone())
}

async fn shown(world: &World, number: u64) -> Result<Reception> {
    read(world, number).await?.map_err(anyhow::Error::msg)
}

/// Has the next answer be this one.
fn answer(world: &World, body: &Value) {
    let kind = FaultKind::Body(body.to_string().into_bytes());
    world.github.inject(Fault::on("/graphql", 1, kind));
}

#[tokio::test]
async fn reviews_and_checks_are_read_with_the_heads_that_they_are_of() -> Result<()> {
    let world = World::new().await?;
    let number = world.open("a fix", &[])?;
    world.github.review(number, Some("grace"), "APPROVED")?;
    world.github.review(number, None, "APPROVED")?;
    world
        .github
        .review(number, Some("nixpkgs-ci[bot]"), "CHANGES_REQUESTED")?;
    let old = world.github.head(number)?;
    world
        .github
        .push_commits(number, vec![CommitSpec::new("x", "again")], Vec::new())?;
    world.github.advance(60)?;
    world
        .github
        .review(number, Some("Ada"), "CHANGES_REQUESTED")?;
    world.github.review(number, Some("ada"), "SHRUGGED")?;
    world.github.merged_by(number, "edsger")?;
    let checks = [
        ("build", "SUCCESS"),
        ("lint <b>\n", "FAILURE"),
        ("skip", "SKIPPED"),
    ];
    let checks = checks.map(|(name, conclusion)| CheckSpec::new(name, conclusion));
    world.github.set_checks(number, checks.into())?;

    let read = shown(&world, number).await?;
    let new = world.github.head(number)?;
    assert_eq!(
        (read.head.as_str(), read.read_at.as_unix()),
        (&*new, NOW + 60)
    );
    assert_eq!(read.merged_by, Some(Login::parse("edsger")?));
    let reviews = read.reviews.unwrap();
    let lines = reviews.latest.iter().map(|it| {
        let by = it.by.as_ref().map_or("?", |by| by.as_str());
        let is_new = it.of.as_ref().is_some_and(|of| of.as_str() == new);
        assert!(is_new || it.of.as_ref().is_some_and(|of| of.as_str() == old));
        format!("{by} {} {is_new}", it.state.name())
    });
    let lines: Vec<_> = lines.collect();
    let expected = [
        "grace approved false",
        "? approved false",
        "nixpkgs-ci[bot] changes_requested false",
        "ada SHRUGGED true",
    ];
    assert_eq!(lines, expected);
    let ci = read.ci.unwrap();
    assert_eq!(ci.of.unwrap().as_str(), new);
    assert_eq!((ci.state, ci.is_whole), (CiState::Failing, true));
    assert_eq!(ci.failing, ["lint <b>"]);
    Ok(())
}

#[tokio::test]
async fn one_request_reads_many_and_one_that_is_gone_costs_only_itself() -> Result<()> {
    let world = World::new().await?;
    world.open_many(49, "fix", &[])?;
    let all: Vec<_> = (1..=50).map(PrNumber).collect();
    let told = world.watcher.receptions().read(&all).await?;
    assert_eq!(world.requests(), ["/graphql?"]);
    assert_eq!(told.values().filter(|it| it.is_ok()).count(), 49);
    let reason = told[&PrNumber(50)].as_ref().unwrap_err();
    assert!(
        reason.contains("Could not resolve to a PullRequest"),
        "{reason}"
    );
    assert_eq!(
        told[&PrNumber(1)]
            .as_ref()
            .unwrap()
            .ci
            .as_ref()
            .unwrap()
            .state,
        CiState::None
    );
    assert_eq!(
        world.github.remaining(&world.token),
        5_000,
        "it has a limit of its own"
    );
    assert_eq!(
        world
            .watcher
            .receptions()
            .traffic()
            .budget
            .unwrap()
            .remaining,
        4_999
    );
    Ok(())
}

#[tokio::test]
async fn what_is_odd_is_left_out_and_nothing_with_it() -> Result<()> {
    let world = World::new().await?;
    let many: Vec<_> = (0..100)
        .map(|n| json!({ "name": format!("c{n}\u{202e}"), "conclusion": "TIMED_OUT" }))
        .collect();
    let odd = json!({
        "headRefOid": HEAD, "mergedBy": 7,
        "reviews": { "totalCount": 90, "nodes": [
            null, { "state": 7 },
            { "state": "APPROVED", "author": { "login": "no login!" }, "commit": null, "submittedAt": "soon" },
        ] },
        "commits": { "nodes": [{ "commit": { "statusCheckRollup": {
            "state": "MAYBE", "contexts": { "totalCount": 400, "nodes": many },
        } } }] },
    });
    let body = json!({ "data": { "rateLimit": { "limit": "?" }, "repository": { "p1": odd, "p2": { "headRefOid": "--help" }, "p3": "?" } } });
    answer(&world, &body);
    let all = [1, 2, 3].map(PrNumber);
    let told = world.watcher.receptions().read(&all).await?;
    assert!(told[&PrNumber(2)].is_err() && told[&PrNumber(3)].is_err());
    let read = told[&PrNumber(1)].clone().map_err(anyhow::Error::msg)?;
    let reviews = read.reviews.unwrap();
    assert!(!reviews.is_whole);
    assert_eq!(reviews.latest.len(), 1);
    let only = &reviews.latest[0];
    assert_eq!((&only.by, &only.of, only.at), (&None, &None, None));
    assert_eq!(only.state, ReviewState::Approved);
    let ci = read.ci.unwrap();
    assert_eq!((ci.of, ci.state), (None, CiState::Other("MAYBE".into())));
    assert_eq!((ci.failing.len(), ci.is_whole), (20, false));
    assert_eq!(ci.failing[0], "c0\u{fffd}");
    Ok(())
}

#[tokio::test]
async fn what_an_error_hides_is_unknown_and_not_empty() -> Result<()> {
    let world = World::new().await?;
    let hidden = json!({
        "headRefOid": HEAD, "reviews": null,
        "commits": { "nodes": [{ "commit": { "oid": HEAD, "statusCheckRollup": null } }] },
    });
    let path = json!([
        "repository",
        "p1",
        "commits",
        "nodes",
        0,
        "commit",
        "statusCheckRollup"
    ]);
    let error = |path: Value| json!({ "type": "FORBIDDEN", "path": path, "message": "no" });
    for (path, is_known) in [
        (path, false),
        (Value::Null, false),
        (json!(["repository", "p2"]), true),
    ] {
        let body =
            json!({ "data": { "repository": { "p1": hidden } }, "errors": [error(path.clone())] });
        answer(&world, &body);
        let read = shown(&world, 1).await?;
        assert_eq!(read.reviews, None);
        assert_eq!(read.ci.is_some(), is_known, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn errors_without_data_are_sorted() -> Result<()> {
    let world = World::new().await?;
    let error =
        |kind: &str, message: &str| json!({ "errors": [{ "type": kind, "message": message }] });
    answer(&world, &error("RATE_LIMITED", "API rate limit exceeded"));
    let limited = read(&world, 1).await;
    assert!(
        matches!(limited, Err(WatchError::RateLimited { .. })),
        "{limited:?}"
    );
    answer(&world, &error("FORBIDDEN", "Resource not accessible"));
    assert_eq!(
        read(&world, 1).await,
        Err(WatchError::Forbidden("Resource not accessible".into()))
    );
    answer(
        &world,
        &json!({ "data": null, "errors": [{ "message": "Something went wrong" }] }),
    );
    assert_eq!(
        read(&world, 1).await,
        Err(WatchError::Unavailable("Something went wrong".into()))
    );
    answer(
        &world,
        &json!({ "data": { "repository": null }, "errors": [{ "type": "NOT_FOUND", "message": "" }] }),
    );
    let lacking = read(&world, 1).await;
    assert!(
        matches!(lacking, Err(WatchError::RepositoryNotFound { .. })),
        "{lacking:?}"
    );
    for body in [
        json!({}),
        json!([]),
        json!({ "data": { "repository": [] } }),
    ] {
        answer(&world, &body);
        let odd = read(&world, 1).await;
        assert!(
            matches!(odd, Err(WatchError::NotGitHub(_))),
            "{body}: {odd:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn whatever_fails_holds_up_no_look_at_what_changed() -> Result<()> {
    let retry_after = 120;
    for kind in [
        FaultKind::Status(401, "Bad credentials".into()),
        FaultKind::Status(
            403,
            "Resource not accessible by personal access token".into(),
        ),
        FaultKind::SecondaryRateLimit { retry_after },
        FaultKind::TooManyRequests { retry_after },
        FaultKind::Page(502, "<html>Unicorn!</html>".into()),
        FaultKind::Page(200, "<html>Sign in</html>".into()),
        FaultKind::Body(b"{\"data\": {\"repository\": {\"p1\": {".to_vec()),
        FaultKind::CutOff(b"{\"data\": {\"repository\": {\"p1\": {".to_vec()),
        FaultKind::Stall,
    ] {
        let mut world = World::new().await?;
        world.watcher = Watcher::new(config(&world.github, Some(&world.token))?)?
            .with_timeout(Duration::from_secs(3));
        let fix = world.open("a fix", &[crate::world::SECURITY])?;
        world.github.inject(Fault::on("/graphql", 1, kind.clone()));
        assert!(read(&world, fix).await.is_err(), "{kind:?}");
        assert_eq!(world.watcher.receptions().traffic().requests, 1, "{kind:?}");
        assert_eq!(world.poll_numbers().await?, [fix], "{kind:?}");
        assert_eq!(world.watcher.traffic().failures, 0, "{kind:?}");
        assert!(read(&world, fix).await?.is_ok(), "{kind:?}");
    }
    Ok(())
}

#[tokio::test]
async fn few_points_are_left_to_others_until_there_are_more() -> Result<()> {
    let world = World::allowing(51).await?;
    let number = world.open("a fix", &[])?;
    assert_eq!(world.watcher.receptions().rests_until(), None);
    for _ in 0..2 {
        shown(&world, number).await?;
    }
    let until = world.watcher.receptions().rests_until().unwrap();
    let wait = until.seconds_since(Timestamp::now());
    assert!((3_590..=3_602).contains(&wait), "{wait}");
    Ok(())
}

#[tokio::test]
async fn without_a_token_it_is_known_that_there_is_none() -> Result<()> {
    let world = World::new().await?;
    let watcher = Watcher::new(config(&world.github, None)?)?;
    assert!(!watcher.receptions().has_token());
    let refused = watcher.receptions().read(&[PrNumber(1)]).await;
    assert_eq!(refused, Err(WatchError::BadToken));
    Ok(())
}
