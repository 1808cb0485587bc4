//! What the list of changes does not show is found all the same, and what all of it costs.

use anyhow::Result;
use picket_testkit::github::{Fault, FaultKind};
use picket_watcher::WatchError;
use serde_json::{Value, json};

use crate::world::{DAY, HOUR, SECURITY, World};

/// An answer of these rows, in place of a list.
fn rows(rows: &[Value]) -> Result<FaultKind> {
    Ok(FaultKind::Body(serde_json::to_vec(rows)?))
}

#[tokio::test]
async fn a_row_that_is_dated_ahead_hides_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open("odd", &[SECURITY])?;
    world.poll().await?;
    let mut list = world.list().await?;
    list[0]["updated_at"] = json!("2036-01-01T00:00:00Z");
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, rows(&list)?));
    world.poll().await?;
    world.github.advance(2 * HOUR)?;
    world.open_many(120, "fix", &[SECURITY])?;
    world.poll().await?;
    assert_eq!(world.known.len(), 121);
    Ok(())
}

#[tokio::test]
async fn an_old_row_at_the_end_of_a_page_ends_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open("old", &[])?;
    world.poll().await?;
    let old = world.list().await?.remove(0);
    world.github.advance(DAY)?;
    world.open_many(159, "fix", &[SECURITY])?;
    let mut list = world.list().await?;
    list[99] = old;
    let whole = serde_json::to_vec(&list)?;
    // A page that is made up has no link to the next one: it is the third list that is read.
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, FaultKind::Body(whole)));
    world.poll().await?;
    world.github.advance(HOUR)?;
    world.poll().await?;
    assert_eq!(world.known.len(), 159);
    Ok(())
}

#[tokio::test]
async fn rows_that_vanish_between_two_pages_are_found_within_the_hour() -> Result<()> {
    let mut world = World::new().await?;
    world.open("before", &[])?;
    world.poll().await?;
    world.github.advance(DAY)?;
    world.open_many(50, "fix", &[SECURITY])?;
    let mut list = world.list().await?;
    list.drain(20..23);
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, rows(&list)?));
    let kind = FaultKind::Status(500, "Server Error".into());
    world.github.inject(Fault::on("/nixpkgs/issues", 2, kind));
    let failed = world.poll().await;
    assert!(
        matches!(failed, Err(WatchError::Unavailable(_))),
        "{failed:?}"
    );
    assert_eq!(world.known.len(), 47);
    world.poll().await?;
    assert_eq!(world.known.len(), 50);
    Ok(())
}

#[tokio::test]
async fn an_index_that_shows_nothing_at_first_loses_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(10, "fix", &[SECURITY])?;
    world.github.advance(90 * DAY)?;
    world.open_many(100, "unrelated", &[])?;
    world
        .github
        .inject(Fault::on("/nixpkgs/issues", 2, rows(&[])?));
    world.poll().await?;
    assert!(world.known.is_empty());
    world.github.advance(HOUR)?;
    world.poll().await?;
    assert_eq!(world.known.len(), 10);
    Ok(())
}

#[tokio::test]
async fn what_is_deleted_counts_as_closed_within_a_day() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(3, "fix", &[SECURITY])?;
    world.poll().await?;
    world.github.advance(DAY)?;
    let list = world.github_issues_without(2).await?;
    world
        .github
        .inject(Fault::on("/nixpkgs/issues", 2, rows(&list)?));
    let gone = FaultKind::Status(404, "Not Found".into());
    world.github.inject(Fault::on("/pulls/2", 1, gone));
    world.watcher.begin(&mut world.cursor, &world.known);
    let mut gone = Vec::new();
    loop {
        let step = world.step().await?;
        gone.extend(step.gone);
        if step.is_last {
            break;
        }
    }
    assert_eq!(gone, [picket_domain::PrNumber(2)]);
    Ok(())
}

#[tokio::test]
async fn a_first_look_at_a_thousand_costs_few_requests_and_no_test_merge() -> Result<()> {
    let mut world = World::new().await?;
    for place in 0..1_000 {
        let number = world.open(&format!("fix {place}"), &[SECURITY])?;
        if place % 3 == 0 {
            world.github.merge(number, &"ab".repeat(20))?;
        }
    }
    world.requests();
    world.poll().await?;
    let requests = world.requests().len();
    assert_eq!(world.known.len(), 1_000);
    assert!(requests <= 60, "{requests}");
    assert_eq!(world.github.test_merges(), 0);

    // The first look's changes are behind the overlap, and its sweeps are over.
    world.github.advance(2 * HOUR)?;
    world.poll().await?;
    world.requests();
    // An hour with a change every three minutes, and a look every minute.
    for minute in 0..60 {
        world.github.advance(60)?;
        if minute % 3 == 0 {
            world.github.comment(10 * minute + 2, "ada", "looks good")?;
        }
        world.poll().await?;
    }
    let requests = world.github.take_requests();
    let counted = requests.iter().filter(|it| it.status != 304).count();
    assert!(counted <= 60, "{counted} of {}", requests.len());
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}

#[tokio::test]
async fn a_first_look_that_dies_at_every_request_comes_to_its_end() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(450, "fix", &[SECURITY])?;
    world.github.advance(DAY)?;
    world.open_many(100, "unrelated", &[])?;
    world.requests();
    world.watcher.begin(&mut world.cursor, &world.known);
    while !world.step().await?.is_last {
        world.restart()?;
    }
    assert_eq!(world.known.len(), 450);
    let requests = world.requests().len();
    assert!(requests <= 30, "{requests}");
    Ok(())
}

#[tokio::test]
async fn with_few_requests_an_hour_the_latest_come_first_and_all_come() -> Result<()> {
    let mut world = World::allowing(12).await?;
    world.open_many(700, "fix", &[SECURITY])?;
    let first = world.poll().await;
    assert!(world.known_numbers().contains(&700), "the latest are there");
    assert!(world.watcher.seconds_between() > 0, "{first:?}");
    let mut hours = 0;
    while world.known.len() < 700 {
        hours += 1;
        assert!(hours < 5, "{} are there", world.known.len());
        world.github.advance(HOUR + 1)?;
        let _ = world.poll().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_label_that_the_repository_does_not_have_is_noticed() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &["1.severity: safety"])?;
    world.poll().await?;
    assert!(world.cursor.lacks_label());
    world.github.label(number, SECURITY)?;
    world.github.close(number)?;
    world.github.advance(HOUR)?;
    world.poll().await?;
    assert!(!world.cursor.lacks_label(), "nothing that is open has it");
    Ok(())
}
