//! How polls go on from each other, and what they cost.

use anyhow::Result;
use picket_testkit::github::{CommitSpec, Fault, FaultKind, FileSpec};
use picket_watcher::Cursor;

use crate::world::{DAY, HOUR, SECURITY, World};

#[tokio::test]
async fn a_quiet_poll_is_one_request_that_costs_nothing() -> Result<()> {
    let mut world = World::new().await?;
    world.open("a fix", &[SECURITY])?;
    world.open("another", &[])?;
    world.poll().await?;
    world.requests();
    let remaining = world.github.remaining(&world.token);

    // It is still within the overlap, and returned again: unchanged, and without a request.
    assert_eq!(world.poll_numbers().await?, [1]);
    let requests = world.github.take_requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].status, 304);
    assert_eq!(requests[0].api_version.as_deref(), Some("2022-11-28"));
    assert_eq!(world.github.remaining(&world.token), remaining);
    Ok(())
}

#[tokio::test]
async fn only_what_changed_is_fetched_again() -> Result<()> {
    let mut world = World::new().await?;
    for title in ["one", "two", "three"] {
        world.open(title, &[SECURITY])?;
    }
    world.poll().await?;
    world.requests();
    world.github.advance(60)?;
    world.github.comment(1, "ada", "looks good")?;
    world.github.label(2, "10.rebuild-linux: 1-10")?;
    let commits = vec![CommitSpec::new("again", "again")];
    world
        .github
        .push_commits(3, commits, vec![FileSpec::modified("a")])?;

    assert_eq!(world.poll_numbers().await?, [1, 2, 3]);
    let list =
        "/repos/NixOS/nixpkgs/pulls?state=all&sort=updated&direction=desc&per_page=100&page=1";
    assert_eq!(world.requests(), [list]);
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}

#[tokio::test]
async fn a_poll_reads_back_to_the_cursor_and_no_further() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(250, "old", &[])?;
    world.github.advance(DAY)?;
    world.open("newest", &[])?;
    world.poll().await?;
    world.github.advance(DAY)?;
    world.open_many(110, "new", &[])?;
    // On the list's second page by the time of the poll.
    world.github.label(5, SECURITY)?;
    world.requests();
    assert_eq!(world.poll_numbers().await?, [5]);
    let lists = world.requests();
    let lists = lists.iter().filter(|route| route.contains("/pulls?"));
    assert_eq!(lists.count(), 2);
    Ok(())
}

#[tokio::test]
async fn a_restart_goes_on_from_the_cursor() -> Result<()> {
    let mut world = World::new().await?;
    world.open("old", &[SECURITY])?;
    world.github.advance(DAY)?;
    world.open("recent", &[SECURITY])?;
    world.poll().await?;
    world.restart()?;
    world.requests();

    assert_eq!(world.poll_numbers().await?, [1, 2]);
    assert_eq!(world.requests().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_lost_cursor_loses_no_candidate() -> Result<()> {
    let mut world = World::new().await?;
    let number = world.open("a fix", &[SECURITY])?;
    world.poll().await?;
    world.github.unlabel(number, SECURITY)?;
    world.github.close(number)?;
    world.github.advance(90 * DAY)?;
    world.open_many(100, "unrelated", &[])?;
    world.cursor = Cursor::default();
    world.restart()?;
    assert_eq!(world.poll_numbers().await?, [number]);
    Ok(())
}

#[tokio::test]
async fn an_empty_repository_is_watched_from_its_beginning() -> Result<()> {
    let mut world = World::new().await?;
    assert_eq!(world.poll_numbers().await?, [] as [u64; 0]);
    world.open("the first", &[SECURITY])?;
    assert_eq!(world.poll_numbers().await?, [1]);
    Ok(())
}

#[tokio::test]
async fn a_change_that_a_replica_shows_late_is_found() -> Result<()> {
    let mut world = World::new().await?;
    world.open("before", &[])?;
    world.poll().await?;
    world.github.advance(HOUR / 2)?;
    let late = world.open("shown late", &[SECURITY])?;
    world.github.advance(500)?;
    world.open("shown in time", &[])?;
    let mut without = world.list().await?;
    without.retain(|row| row["number"] != late);
    let kind = FaultKind::Body(serde_json::to_vec(&without)?);
    world.github.inject(Fault::on("/nixpkgs/pulls", 1, kind));
    assert_eq!(world.poll_numbers().await?, [] as [u64; 0]);
    assert_eq!(world.poll_numbers().await?, [late]);
    Ok(())
}

#[tokio::test]
async fn when_the_list_shifts_while_it_is_read_the_newer_row_counts() -> Result<()> {
    let mut world = World::new().await?;
    world.open_many(110, "old", &[])?;
    world.poll().await?;
    world.github.advance(DAY)?;
    let moved = world.open("before the push", &[SECURITY])?;
    let second_page = world.list().await?;
    world.github.advance(60)?;
    for number in 1..=100 {
        world.github.comment(number, "ada", "ping")?;
    }
    world.github.edit(moved, "after the push", None)?;
    let commits = vec![CommitSpec::new("moved", "moved")];
    world.github.push_commits(moved, commits, Vec::new())?;
    let kind = FaultKind::Body(serde_json::to_vec(&second_page)?);
    world
        .github
        .inject(Fault::on("/nixpkgs/pulls", 1, kind).after(1));

    let candidates = world.poll().await?;
    assert_eq!(candidates.len(), 1);
    assert_eq!(candidates[0].title, "after the push");
    assert_eq!(candidates[0].head.as_str(), world.github.head(moved)?);
    // The older row would have been found out by its commits, at the cost of a test merge.
    assert_eq!(world.github.test_merges(), 0);
    Ok(())
}
