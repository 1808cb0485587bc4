//! A conflict in a file as large as nixpkgs' own largest.

use std::time::Duration;

use http::StatusCode;
use picket_domain::{Action, ResolvedBy};
use picket_web::Conflicts;

use crate::common::client::{Answer, Client};
use crate::common::world::World;

const PAGE: &str = "/candidates/7";
const PATH: &str = "pkgs/all.nix";

/// 1.5 MB of Nix with this line in it.
fn file(line: &str) -> String {
    let remark = format!("  # {}\n", "x".repeat(15_000));
    format!("{{\n{line}\n{}}}\n", remark.repeat(100))
}

/// Both sides changed the same line of it.
async fn world() -> World {
    let world = World::new().await;
    let edit = |line: &str| file(line);
    let root = world.commit(&[], "root", &[(PATH, Some(&edit("  a = 0;")))]);
    let stable = world.commit(&[root], "stable", &[(PATH, Some(&edit("  a = 1;")))]);
    let fix = world.commit(&[root], "fix", &[(PATH, Some(&edit("  a = 2;")))]);
    world.base(root, stable).await;
    world.pull(7, "fix", &[fix]).await;
    world.reconcile().await;
    let both = world.commit(&[stable], "fix", &[(PATH, Some(&edit("  a = 3;")))]);
    world.branch("resolve-7", both);
    world
}

async fn by_hand(ada: &Client) -> Answer {
    let fields = [("how", "hand"), ("f0h0", "theirs")];
    let action = format!("{PAGE}/resolve");
    ada.send_form(PAGE, &action, &fields).await
}

/// How it was resolved last, and to what.
async fn resolved(world: &World) -> (ResolvedBy, String) {
    let Some(Action::ResolveConflict { by, files, .. }) = world.actions(7).await.pop() else {
        panic!("no resolution");
    };
    let id = files[0].result.clone().unwrap().content;
    let contents = world.site.store.contents(&[id.clone()].into()).await;
    let content = contents.unwrap().remove(&id).unwrap();
    (by, String::from_utf8(content).unwrap())
}

#[tokio::test]
async fn it_is_resolved_by_choices_and_by_a_branch() {
    let world = world().await;
    let mut state = world.site.state();
    state.channels[0].resolutions_remote = Some(world.remote());
    let ada = Client::signed_in(&picket_web::router(state), "ada").await;
    let page = ada.get(PAGE).await.body;
    assert!(page.len() < 200_000, "{} bytes", page.len());

    let answer = by_hand(&ada).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let (by, content) = resolved(&world).await;
    assert!(matches!(by, ResolvedBy::Hand | ResolvedBy::Proposal));
    assert!(content == file("  a = 2;"));
    let fields = [("branch", "resolve-7")];
    let action = format!("{PAGE}/resolve-branch");
    let answer = ada.send_form(PAGE, &action, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let (by, content) = resolved(&world).await;
    assert!(matches!(by, ResolvedBy::Branch { .. }));
    assert!(content == file("  a = 3;"));
}

#[tokio::test]
async fn a_page_does_not_wait_until_it_is_compared() {
    let world = world().await;
    let mut state = world.site.state();
    state.conflicts = Conflicts::with_patience(Duration::ZERO);
    let ada = Client::signed_in(&picket_web::router(state), "ada").await;
    let mut page = ada.get(PAGE).await.body;
    assert!(
        page.contains("Picket is comparing the files that conflict"),
        "{page}"
    );
    assert!(page.contains("data-refresh"), "{page}");
    assert!(!page.contains("resolve-by-hand"), "{page}");
    while page.contains("Picket is comparing") {
        page = ada.get(PAGE).await.body;
    }
    assert!(page.contains("resolve-by-hand"), "{page}");
}
