//! Deciding on what was seen: an approval is of what the page showed that the pick changes.

use git2::Oid;
use http::StatusCode;
use picket_domain::{Action, PatchId};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::world::{CURL, World, package};

const PAGE: &str = "/candidates/7";
const APPROVE: &str = "/candidates/7/approve";
const NOTES: &str = "doc/notes.md";

/// #7 changes two files, and applies to the line. Returns the release's tip too.
async fn two_files() -> (World, Oid) {
    let world = World::new().await;
    let (old, notes) = (package("8.13.0", ""), "first\nsecond\nthird\n");
    let root = world.commit(&[], "root", &[(CURL, Some(&old)), (NOTES, Some(notes))]);
    let (title, new) = ("curl: 8.13.0 -> 8.14.1", package("8.14.1", ""));
    let edits = [(CURL, Some(&*new)), (NOTES, Some(NEW_NOTES))];
    let fix = world.commit(&[root], title, &edits);
    world.base(root, root).await;
    world.pull(7, title, &[fix]).await;
    world.reconcile().await;
    (world, root)
}

const NEW_NOTES: &str = "first\nsecond, corrected\nthird\n";

/// The release gets one of the two changes by itself, so that the pick is only the other one.
async fn move_base(world: &World, release: Oid) {
    let moved = world.commit(&[release], "notes", &[(NOTES, Some(NEW_NOTES))]);
    world.base(release, moved).await;
    world.reconcile().await;
}

async fn approved_patches(world: &World) -> Vec<Vec<PatchId>> {
    let actions = world.actions(7).await.into_iter();
    let patches = actions.filter_map(|action| match action {
        Action::Approve { patches, .. } => Some(patches),
        _ => None,
    });
    patches.collect()
}

async fn api(client: &Client) -> Value {
    let answer = client.get("/api/v1/candidates/7").await;
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    json["candidates"][0].clone()
}

#[tokio::test]
async fn an_approval_is_refused_where_the_pick_changes_something_else_by_now() {
    let (world, release) = two_files().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let form = ada.hidden(PAGE, APPROVE).await;
    let seen = form.iter().find(|(name, _)| name == "seen").unwrap();
    assert_eq!(api(&ada).await["pick"]["seen"], seen.1.as_str());
    move_base(&world, release).await;
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let answer = ada.submit(APPROVE, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.body.contains("The page is out of date"));
    assert!(world.actions(7).await.is_empty());

    let page = ada.get(PAGE).await.body;
    assert!(page.contains("Not picked to the line"), "{page}");
    let answer = ada.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let json = api(&ada).await;
    let patch = json["pick"]["commits"][0]["patch"].as_str().unwrap();
    assert_eq!(
        approved_patches(&world).await,
        [[PatchId::parse(patch).unwrap()]]
    );
}

#[tokio::test]
async fn a_stale_pick_shows_what_was_approved_against_what_it_is() {
    let (world, release) = two_files().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    let grace = Client::signed_in(&router, "grace").await;
    for client in [&ada, &grace] {
        let answer = client.send_form(PAGE, APPROVE, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert!(
        approved_patches(&world)
            .await
            .iter()
            .all(|it| it.len() == 1)
    );
    world.reconcile().await;
    assert_eq!(api(&ada).await["state"], "building");

    move_base(&world, release).await;
    let json = api(&ada).await;
    assert_eq!(json["state"], "stale");
    assert_eq!(json["approvals"][0]["covers"], false);
    let page = grace.get(PAGE).await.body;
    for text in [
        "2 approvals missing",
        "approved what the pick changed then",
        "Lines marked − are in the patch that was approved",
        "<tr class=\"del\"><td class=\"sign\">−</td><td><span class=\"plus\">+second, corrected</span></td></tr>",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let queue = ada.get("/queue").await.body;
    assert!(
        queue.contains("0 of 2") && queue.contains("Approve again"),
        "{queue}"
    );

    let answer = grace.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = grace.get(PAGE).await.body;
    assert!(
        page.contains("1 approval missing") && page.contains("1 of 2 approvals"),
        "{page}"
    );
    assert!(!page.contains("Approve what it changes now"), "{page}");
    let answer = ada.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    world.reconcile().await;
    assert_eq!(api(&ada).await["state"], "building");
    let log = ada.get("/audit-log").await.body;
    assert!(log.contains(", as patch "), "{log}");
}
