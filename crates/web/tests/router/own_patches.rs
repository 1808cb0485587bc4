//! Patches of the team's own: handed in on a page, and candidates from then on.

use http::StatusCode;
use picket_domain::{Action, PrNumber};

use crate::common::CHANNEL;
use crate::common::client::{Answer, Client};
use crate::common::world::World;

const PAGE: &str = "/own-patches";
const OWN: &str = "/candidates/own-1";

fn mail(line: &str) -> String {
    format!(
        "From 0000000000000000000000000000000000000001 Mon Sep 17 00:00:00 2001\n\
         From: A Person <person@example.org>\nDate: Tue, 1 Sep 2026 12:00:00 +0000\n\
         Subject: [PATCH] a: fix CVE-2026-1234\n\nNo upstream fix yet.\n---\n a | 2 +-\n\
         \ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+{line}\n-- \n2.47\n"
    )
}

/// What a person fills in: patch, branch, what it replaces, why.
async fn hand_in(person: &Client, [mails, branch, replaces, reason]: [&str; 4]) -> Answer {
    let fields = [
        ("channel", CHANNEL),
        ("mails", mails),
        ("branch", branch),
        ("replaces", replaces),
        ("reason", reason),
    ];
    person.submit(PAGE, &fields).await
}

fn router(world: &World) -> axum::Router {
    let mut state = world.site.state();
    state.channels[0].resolutions_remote = Some(world.remote());
    state.channels[0].base_label = "release-26.05".to_owned();
    picket_web::router(state)
}

async fn world() -> World {
    let world = World::new().await;
    let root = world.commit(&[], "root", &[("a", Some("a\n"))]);
    world.base(root, root).await;
    world
        .pull(
            7,
            "fix",
            &[world.commit(&[root], "fix", &[("b", Some("b\n"))])],
        )
        .await;
    world.reconcile().await;
    world
}

#[tokio::test]
async fn a_patch_that_is_handed_in_is_a_candidate_that_others_decide_on() {
    let world = world().await;
    let ada = Client::signed_in(&router(&world), "ada").await;
    let form = ada.get(PAGE).await.body;
    assert!(
        form.contains("git format-patch --stdout release-26.05.."),
        "{form}"
    );
    let answer = hand_in(&ada, [&mail("fixed"), "", "", "nobody else has one"]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(
        answer.header("location"),
        "/candidates/own-1?channel=nixos-26.05-sec"
    );

    let page = ada.get(OWN).await.body;
    for told in [
        "#own-1",
        "a: fix CVE-2026-1234",
        "The team's own patch",
        "Not upstream&#39;s",
        "You handed it in, and nobody approves their own.",
        "No upstream fix yet.",
        "/own-patches?channel=nixos-26.05-sec&#38;replaces=own-1",
    ] {
        assert!(page.contains(told), "{told} in {page}");
    }
    let grace = Client::signed_in(&router(&world), "grace").await;
    let seen = grace.get(OWN).await.body;
    assert!(!seen.contains("replaces=own-1"), "{seen}");
    let taken = grace.send_form(OWN, "/candidates/own-1/approve", &[]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.body);
    let queue = grace.get("/queue").await.body;
    assert!(
        queue.contains("#own-1") && queue.contains("own patch"),
        "{queue}"
    );
    let json = grace.get("/api/v1/candidates/own-1").await.body;
    assert!(json.contains(r#""number":"own-1""#), "{json}");

    // Another one in its place is another head.
    let answer = hand_in(&ada, [&mail("fixed better"), "", "own-1", "missed a case"]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let actions = world.actions(PrNumber::own(1).0).await;
    let heads = actions.iter().filter_map(|action| match action {
        Action::SubmitPatch { head, .. } => Some(head),
        _ => None,
    });
    let heads: Vec<_> = heads.collect();
    assert!(heads.len() == 2 && heads[0] != heads[1], "{heads:?}");
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_and_stays_in_the_form() {
    let world = world().await;
    let ada = Client::signed_in(&router(&world), "ada").await;
    let stale = mail("fixed").replace("-a\n", "-something else\n");
    for (mails, branch, replaces, told) in [
        (
            stale.as_str(),
            "",
            "",
            "mail 1 does not apply: error: patch failed: a:1",
        ),
        ("no mail", "", "", "The patch cannot be used"),
        ("", "", "", "Give a patch, or the name of a branch."),
        (
            "",
            "absent",
            "",
            "has no branch absent: push it, or correct its name.",
        ),
        ("", "master", "", "has nothing that release-26.05 lacks"),
        (stale.as_str(), "own", "", "not both"),
        (stale.as_str(), "", "7", "no patch of the team"),
    ] {
        let answer = hand_in(&ada, [mails, branch, replaces, "it is urgent"]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert!(answer.body.contains(told), "{told} in {}", answer.body);
        assert!(answer.body.contains("it is urgent"), "{}", answer.body);
        assert!(
            answer
                .body
                .contains(mails.lines().last().unwrap_or_default())
        );
    }
    assert!(world.actions(PrNumber::own(1).0).await.is_empty());

    hand_in(&ada, [&mail("fixed"), "", "", "ada's"]).await;
    let grace = Client::signed_in(&router(&world), "grace").await;
    let refused = hand_in(&grace, [&mail("grace's"), "", "own-1", "mine is better"]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
}
