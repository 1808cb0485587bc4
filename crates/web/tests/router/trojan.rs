//! Characters that make code read otherwise than what it does.

use crate::common::client::Client;
use crate::common::world::World;

const PAGE: &str = "/candidates/7";
const PATH: &str = "pkgs/a.nix";

/// Reads as `"user" { // Check if admin`.
const TROJAN: &str = "  \"user\u{202e} \u{2066}// Check if admin\u{2069} \u{2066}\" {";

fn file(line: &str) -> String {
    format!("{{\n{line}\n}}\n")
}

/// What no browser may get as it is.
fn has_none(page: &str) {
    for odd in ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}'] {
        assert!(!page.contains(odd), "U+{:04X}\n{page}", u32::from(odd));
    }
}

async fn page(stable: Option<&str>, fix: &str, title: &str) -> String {
    let world = World::new().await;
    let root = world.commit(&[], "root", &[(PATH, Some(&file("  a = 0;")))]);
    let base = match stable {
        Some(line) => world.commit(&[root], "stable", &[(PATH, Some(&file(line)))]),
        None => root,
    };
    let fix = world.commit(&[root], title, &[(PATH, Some(&file(fix)))]);
    world.base(root, base).await;
    world.pull(7, title, &[fix]).await;
    world.reconcile().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    ada.get(PAGE).await.body
}

#[tokio::test]
async fn a_diff_shows_them_and_the_page_says_so_once() {
    let title = "curl: fix\u{200b} \u{441}url";
    let page = page(None, TROJAN, title).await;
    has_none(&page);
    let mark = |number: &str, words: &str| {
        format!("<span class=\"odd\" title=\"{words}\">{number}</span>")
    };
    for text in [
        mark("U+202E", "turns the direction of what follows"),
        mark("U+2069", "turns the direction of what follows"),
        mark("U+0441", "looks like “c”, and is another letter"),
        "<h1>curl: fix[U+200B] ".to_owned(),
        "U+202E, which turns the direction of what follows, in pkgs/a.nix<".to_owned(),
        "U+2066, which turns the direction of what follows, in pkgs/a.nix, 2 times<".to_owned(),
        "U+200B, which does not show, in the title<".to_owned(),
    ] {
        assert!(page.contains(&text), "{text}\n{page}");
    }
    assert_eq!(page.matches("id=\"odd\"").count(), 1);
}

#[tokio::test]
async fn a_page_without_them_says_nothing() {
    let page = page(None, "  a = 1; # naïve “quotes” — Андрей", "curl: fix").await;
    assert!(
        !page.contains("class=\"odd\"") && !page.contains("id=\"odd\""),
        "{page}"
    );
}

#[tokio::test]
async fn a_conflict_shows_them_and_a_persons_own_text_keeps_them() {
    let page = page(Some("  a = 1;"), TROJAN, "curl: fix").await;
    has_none(&page);
    assert!(page.contains("&#8238;"), "{page}");
    let sides = page.split("class=\"sides\"").nth(1).unwrap();
    assert!(sides.contains(">U+202E</span>"), "{sides}");
}
