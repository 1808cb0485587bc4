//! Who resolves nothing, and what is not taken for a resolution.

use http::StatusCode;

use super::{PAGE, RESOLVE, accept, by_hand};
use crate::common::client::Client;
use crate::common::world::{CURL, World, package};
use crate::common::{CHANNEL, login};

#[tokio::test]
async fn nobody_resolves_their_own_conflicts() {
    let (world, _) = World::with_curl().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    let form = ada.hidden(PAGE, RESOLVE).await;
    let pr = picket_domain::PrNumber(7);
    let mut own = world.site.store.candidate(pr).await.unwrap().unwrap();
    own.author = login("ada");
    world.site.store.upsert_candidate(&own).await.unwrap();
    let page = ada.get(PAGE).await.body;
    assert!(!page.contains(RESOLVE), "{page}");
    assert!(page.contains("nobody resolves the conflicts of their own"));
    let mut form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    form.push(("how", "proposal"));
    let answer = ada.submit(RESOLVE, &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    form.push(("branch", "x"));
    let answer = ada.submit("/candidates/7/resolve-branch", &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let form = [("channel", CHANNEL), ("reason", "x")];
    let answer = ada.submit("/candidates/7/drop-resolutions", &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(world.actions(7).await.is_empty());
}

#[tokio::test]
async fn strangers_see_the_conflict_and_no_form() {
    let (world, _) = World::with_curl().await;
    let router = world.router();
    let nobody = Client::new(&router);
    let page = nobody.get(PAGE).await.body;
    assert!(page.contains("id=\"conflict\""), "{page}");
    assert!(
        !page.contains("type=\"radio\"") && !page.contains(RESOLVE),
        "{page}"
    );
    for path in [
        RESOLVE,
        "/candidates/7/resolve-branch",
        "/candidates/7/drop-resolutions",
    ] {
        let answer = nobody.post(path, &[("csrf", "x")]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        let ada = Client::signed_in(&router, "ada").await;
        let answer = ada.post(path, &[("csrf", "x")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn another_conflict_than_the_one_shown_is_not_resolved() {
    let (world, release) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let form = ada.hidden(PAGE, RESOLVE).await;
    let moved = package("8.12.2", "");
    let subject = "curl: 8.12.1 -> 8.12.2";
    let release = world.commit(&[release], subject, &[(CURL, Some(&moved))]);
    world.base(release, release).await;
    world.reconcile().await;
    let mut form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    form.push(("how", "proposal"));
    let answer = ada.submit(RESOLVE, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.body.contains("The page is out of date"));
    assert!(world.actions(7).await.is_empty());
    // What the page shows now can be.
    assert_eq!(accept(&ada).await.status, StatusCode::SEE_OTHER);
    // And then there is no conflict left.
    world.reconcile().await;
    let answer = ada.submit(RESOLVE, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn slips_are_refused_and_named() {
    let (world, _) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    let places = page.matches("class=\"place\"").count();
    let others: Vec<_> = (1..places).map(|n| format!("f0h{n}")).collect();
    let long = "x\n".repeat(600_000);
    for (text, problem) in [
        ("<<<<<<< ours\n", "has conflict markers left in it"),
        ("a\r\n=======\r\nb", "has conflict markers left in it"),
        ("nul \0", "has a NUL character in it"),
        (long.as_str(), "is larger than 1 MiB"),
        ("  version = ;\n", "does not parse as Nix any more"),
    ] {
        let mut fields = vec![("f0h0", "own"), ("f0h0_text", text)];
        fields.extend(others.iter().map(|field| (field.as_str(), "theirs")));
        let answer = by_hand(&ada, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(answer.body.contains(problem), "{problem}: {}", answer.body);
        assert!(answer.body.contains(CURL), "{}", answer.body);
    }
    for fields in [
        &[][..],
        &[("f0h0", "maybe")],
        &[("f0h0", "own")],
        &[("f0", "ours")],
    ] {
        let answer = by_hand(&ada, fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
    }
    let answer = ada.send_form(PAGE, RESOLVE, &[("how", "magic")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let huge = "x".repeat(9 << 20);
    let answer = by_hand(&ada, &[("f0h0", "own"), ("f0h0_text", &huge)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.actions(7).await.is_empty());
}
