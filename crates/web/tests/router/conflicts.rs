//! What a page says of a conflict: where it is, what it stands on, and what can be done.

use http::StatusCode;
use picket_domain::{
    PickInput, PickOutcome, PickedCommit, PrNumber, Renames, ResolvedSet, SecondOpinion, Sha256,
};

use crate::common::channel;
use crate::common::client::Client;
use crate::common::world::{CURL, World, package};

const PAGE: &str = "/candidates/7";

/// The text of a part of a page, without its tags; what is marked stands in brackets.
fn text(page: &str, from: &str, to: &str) -> String {
    const INLINE: [&str; 8] = [
        "a", "code", "input", "span", "strong", "time", "label", "legend",
    ];
    let start = page
        .find(from)
        .unwrap_or_else(|| panic!("{from} in {page}"));
    let part = &page[start..];
    let part = &part[..part.find(to).unwrap_or(part.len())];
    let mut text = String::new();
    for piece in part.split('<').skip(1) {
        let (tag, after) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        match (name, tag.starts_with('/')) {
            ("mark", false) => text.push('['),
            ("mark", true) => text.push(']'),
            (name, _) if INLINE.contains(&name) => {}
            _ => text.push('\n'),
        }
        text += after;
    }
    for (escaped, plain) in [("&#62;", ">"), ("&#39;", "'"), ("&#34;", "\"")] {
        text = text.replace(escaped, plain);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn each_place_shows_what_both_started_from_and_what_each_side_has() {
    let (world, _) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    let clash = text(&page, "<div class=\"clash\"", "</fieldset>");
    insta::assert_snapshot!(clash, @r#"
    pkgs/by-name/cu/curl/package.nix both changed the same lines
    Line 9
    stdenv.mkDerivation (finalAttrs: {
    pname = "curl";
    Both started from
    version = "8.13.0";
    src = fetchurl {
    url = "https://curl.se/download/curl-${finalAttrs.version}.tar.xz";
    hash = "sha256-62302300c79b56807bdabdf2ed3552cb036a8c54bd5=";
    nixos-26.05 has
    version = "8.1[2.1]";
    src = fetchurl {
    url = "https://curl.se/download/curl-${finalAttrs.version}.tar.xz";
    hash = "sha256-[c693145264d074f22e5965119a283c07d5f35eff83d]=";
    #7 has
    version = "8.1[4.1]";
    src = fetchurl {
    url = "https://curl.se/download/curl-${finalAttrs.version}.tar.xz";
    hash = "sha256-[09c57bf110612f576d424e9266cbd0830ca2309e711]=";
    Picket proposes
    version = "8.1[4].1";
    src = fetchurl {
    url = "https://curl.se/download/curl-${finalAttrs.version}.tar.xz";
    hash = "sha256-[09c57bf110612f576d424e9266cbd0830ca2309e711]=";
    Both sides moved the version: version, hash, address and revision are taken from the pull request together, never half of them.
    Something else
    version = "8.14.1";
    src = fetchurl {
    url = "https://curl.se/download/curl-${finalAttrs.version}.tar.xz";
    hash = "sha256-09c57bf110612f576d424e9266cbd0830ca2309e711=";
    };
    doCheck = false;
    "#);
    for part in [
        "id=\"accept-proposal\"",
        "id=\"resolve-by-hand\"",
        "8.1<mark>2.1</mark>",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[tokio::test]
async fn history_is_looked_into_and_then_shown() {
    let (world, _) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    assert!(
        page.contains("Picket is looking into the history"),
        "{page}"
    );
    assert!(page.contains("data-refresh="), "{page}");
    world.investigate().await;
    let page = ada.get(PAGE).await.body;
    assert!(
        !page.contains("is looking into") && !page.contains("data-refresh="),
        "{page}"
    );
    let history = text(&page, "<div class=\"body history\"", "</section>");
    assert!(
        history.contains("Who changed these lines in nixos-26.05"),
        "{history}"
    );
    assert!(history.contains("curl: 8.12.0 -> 8.12.1"), "{history}");
}

/// #7 changes what #5 brought, and the release has neither.
pub(crate) async fn with_prerequisite() -> World {
    let world = World::new().await;
    let at = |more: &str| package("8.12.0", more);
    let root = world.commit(&[], "root", &[(CURL, Some(&at("")))]);
    let release = world.commit(&[root], "other", &[("README.md", Some("release\n"))]);
    let patches = "  patches = [ ./a.patch ];\n\n";
    let subject = "curl: add a patch (#5)";
    let five = world.commit(&[root], subject, &[(CURL, Some(&at(patches)))]);
    world.branch("five", five);
    let patches = "  patches = [ ./b.patch ];\n\n";
    let title = "curl: replace the patch";
    let seven = world.commit(&[five], title, &[(CURL, Some(&at(patches)))]);
    world.base(five, release).await;
    world.pull(7, title, &[seven]).await;
    world.reconcile().await;
    world.investigate().await;
    world
}

#[tokio::test]
async fn a_prerequisite_that_nobody_watches_can_be_nominated_from_there() {
    let world = with_prerequisite().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    let verdict = text(&page, "<p class=\"verdict\"", "</p>");
    insta::assert_snapshot!(verdict, @"It conflicts only because #5, which is not watched here, is missing in nixos-26.05. Nominate that one, and once it is approved, this applies.");
    let answer = ada.send_form(PAGE, "/nominate", &[]).await;
    assert_eq!(
        answer.header("location"),
        "/nominate?asked=5",
        "{}",
        answer.body
    );
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("It is nominated"), "{page}");
    assert!(!page.contains("action=\"/nominate\""), "{page}");
}

#[tokio::test]
async fn a_prerequisite_that_waits_for_approval_is_named_with_what_to_do() {
    let world = with_prerequisite().await;
    let five = world.tip("five");
    let five = world.pull(5, "curl: add a patch", &[five]).await;
    world.reconcile().await;
    let router = world.router();
    let ada = Client::signed_in(&router, "ada").await;
    let verdict = |page: &str| text(page, "<p class=\"verdict\"", "</p>");
    let page = ada.get(PAGE).await.body;
    insta::assert_snapshot!(verdict(&page), @"It conflicts only because #5, which is not approved, is missing in nixos-26.05. Approve that one first, and it applies.");
    assert!(
        page.contains("<a href=\"/candidates/5?channel=nixos-26.05-sec\">#5</a>"),
        "{page}"
    );
    assert!(page.contains("Not approved"), "{page}");
    assert_eq!(five.pr.0, 5);
    for name in ["ada", "grace"] {
        let client = Client::signed_in(&router, name).await;
        client
            .send_form("/candidates/5", "/candidates/5/approve", &[])
            .await;
    }
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    insta::assert_snapshot!(verdict(&page), @"It conflicts only because #5, which is approved, is missing in nixos-26.05. It applies once that is in the channel before it.");

    // Approved as well, it goes on top of the other.
    for name in ["ada", "grace"] {
        let client = Client::signed_in(&router, name).await;
        client.send_form(PAGE, "/candidates/7/approve", &[]).await;
    }
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(
        page.contains("alone; it applies on top of other picks"),
        "{page}"
    );
    assert!(!page.contains("id=\"conflict\""), "{page}");
}

#[tokio::test]
async fn a_conflict_with_an_earlier_pick_is_resolved_in_the_chain() {
    let world = World::new().await;
    let root = world.commit(&[], "root", &[(CURL, Some(&package("8.12.0", "")))]);
    let edit = |version: &str| package(version, "");
    let one = world.commit(
        &[root],
        "curl: 8.12.0 -> 8.13.0",
        &[(CURL, Some(&edit("8.13.0")))],
    );
    let two = world.commit(
        &[root],
        "curl: 8.12.0 -> 8.14.1",
        &[(CURL, Some(&edit("8.14.1")))],
    );
    world.base(root, root).await;
    world.pull(5, "curl: 8.12.0 -> 8.13.0", &[one]).await;
    world.pull(7, "curl: 8.12.0 -> 8.14.1", &[two]).await;
    world.reconcile().await;
    let router = world.router();
    for (name, pr) in [("ada", 5), ("grace", 5), ("ada", 7), ("grace", 7)] {
        let client = Client::signed_in(&router, name).await;
        let page = format!("/candidates/{pr}");
        let answer = client
            .send_form(&page, &format!("{page}/approve"), &[])
            .await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    }
    world.reconcile().await;
    let ada = Client::signed_in(&router, "ada").await;
    let page = ada.get(PAGE).await.body;
    for text in [
        "nixos-26.05 with #5 picked before it",
        "which went in before it",
        "nixos-26.05 with the picks before it has",
        "Alone it applies to nixos-26.05",
        "Applies cleanly",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let accept = [("how", "proposal")];
    let answer = ada.send_form(PAGE, "/candidates/7/resolve", &accept).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.reconcile().await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("What it changes was not approved"), "{page}");
}

#[tokio::test]
async fn what_git_makes_of_it_is_told() {
    let (world, base) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let candidate = world.site.store.candidate(PrNumber(7)).await.unwrap();
    let input = PickInput {
        pr: PrNumber(7),
        head: candidate.unwrap().head,
        resolved: ResolvedSet::default().id(),
    };
    let commit = crate::common::world::sha(base);
    let paths = vec!["pkgs/<b>.nix".to_owned()];
    for (git, words) in [
        (
            SecondOpinion::Conflict {
                paths: paths.clone(),
            },
            "without a conflict, and git finds one",
        ),
        (SecondOpinion::OtherTree { paths }, "to different files"),
    ] {
        let outcome = PickOutcome::Disputed {
            commit: commit.clone(),
            git,
        };
        let store = &world.site.store;
        store
            .record_assessment(&channel(), &commit, &input, &outcome)
            .await
            .unwrap();
        let page = ada.get(PAGE).await.body;
        for text in [
            words,
            "pkgs/&#60;b&#62;.nix",
            "Git picks it otherwise",
            "by hand upstream",
        ] {
            assert!(page.contains(text), "{text}\n{page}");
        }
        let api = ada.get("/api/v1/candidates/7").await.body;
        assert!(api.contains("\"assessment\":\"disputed\""), "{api}");
    }
}

#[tokio::test]
async fn renames_that_were_followed_or_given_up_are_told() {
    let (world, base) = World::with_curl().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let candidate = world.site.store.candidate(PrNumber(7)).await.unwrap();
    let candidate = candidate.unwrap();
    let input = PickInput {
        pr: PrNumber(7),
        head: candidate.head.clone(),
        resolved: ResolvedSet::default().id(),
    };
    let base = crate::common::world::sha(base);
    for (renames, words) in [
        (
            Renames::Followed { found: 2 },
            "on today's base; followed 2 files renamed",
        ),
        (Renames::GaveUp { found: 1 }, "too many files came and went"),
        (Renames::NotNeeded, "on today's base</span>"),
    ] {
        let outcome = PickOutcome::Picked {
            commits: vec![PickedCommit {
                source: candidate.head.clone(),
                commit: base.clone(),
                patch: Sha256::of(b"patch").into(),
                verbatim: true,
            }],
            renames,
        };
        let store = &world.site.store;
        store
            .record_assessment(&channel(), &base, &input, &outcome)
            .await
            .unwrap();
        let page = ada.get(PAGE).await.body;
        assert!(page.contains(words), "{words}\n{page}");
    }
}
