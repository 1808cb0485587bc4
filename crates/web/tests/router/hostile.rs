//! Texts and amounts that somebody made to do harm.

use http::StatusCode;

use picket_merger::GitAddress;

use crate::common::client::Client;
use crate::common::world::World;

const PAGE: &str = "/candidates/7";
const SCRIPT: &str = "</textarea></pre></title><script>alert(1)</script><img src=x onerror=y>\"'";

/// #7 changes each file otherwise than the release does.
async fn conflicting(files: &[(String, [String; 3])], subject: &str) -> World {
    let world = World::new().await;
    let edits = |which: usize| -> Vec<(&str, Option<&str>)> {
        let edits = files.iter();
        edits
            .map(|(path, texts)| (path.as_str(), Some(texts[which].as_str())))
            .collect()
    };
    let root = world.commit(&[], "root", &edits(0));
    let release = world.commit(&[root], subject, &edits(1));
    let fix = world.commit(&[root], subject, &edits(2));
    world.base(root, release).await;
    world.pull(7, subject, &[fix]).await;
    world.reconcile().await;
    world
}

#[tokio::test]
async fn hostile_conflicts_stay_text() {
    let path = format!("pkgs/{}.nix", SCRIPT.replace('/', "|"));
    let texts = ["0", "1", "2"].map(|it| format!("{SCRIPT}\n{it} {SCRIPT}\n{SCRIPT}\n"));
    let world = conflicting(&[(path, texts)], SCRIPT).await;
    world.investigate().await;
    let mut state = world.site.state();
    state.channels[0].resolutions_remote = GitAddress::parse(&format!("/{SCRIPT}")).ok();
    let ada = Client::signed_in(&picket_web::router(state), "ada").await;
    let is_text = |page: &str| {
        for bad in [
            "<script>alert",
            "<img src=x",
            "</textarea></pre>",
            "|textarea><",
        ] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
    };
    let page = ada.get(PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("id=\"resolve-by-hand\""),
        "{}",
        page.body
    );
    is_text(&page.body);
    let fields = [("how", "hand"), ("f0h0", "theirs")];
    let resolve = "/candidates/7/resolve";
    let answer = ada.send_form(PAGE, resolve, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.reconcile().await;
    for page in [PAGE, "/audit-log", "/queue"] {
        let page = ada.get(page).await;
        assert_eq!(page.status, StatusCode::OK);
        is_text(&page.body);
    }
}

#[tokio::test]
async fn only_so_many_places_are_shown() {
    const PLACES: usize = 300;
    let text = |which: usize| -> String {
        let same = |n: usize| (0..8).map(move |line| format!("same {n} {line}\n"));
        let place = |n: usize| format!("place {n} {which}\n{}", same(n).collect::<String>());
        (0..PLACES).map(place).collect()
    };
    let file = ("pkgs/large.txt".to_owned(), [text(0), text(1), text(2)]);
    let world = conflicting(&[file], "many places").await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.body.matches("class=\"place\"").count(), 20);
    assert!(page.body.contains("And 280 more places"), "{}", page.body);
    assert!(page.body.contains("conflict 20 of 300"));
    assert!(!page.body.contains("id=\"resolve-by-hand\""));
    assert!(page.body.len() < 400_000, "{}", page.body.len());
}

#[tokio::test]
async fn only_so_many_files_are_shown() {
    let texts = || ["0", "1", "2"].map(|it| format!("a\n{it}\nb\n"));
    let files: Vec<_> = (0..30)
        .map(|n| (format!("pkgs/{n:02}.txt"), texts()))
        .collect();
    let world = conflicting(&files, "many files").await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    assert_eq!(page.matches("class=\"clash\"").count(), 20);
    assert!(
        page.contains("And 10 more files that are not shown here"),
        "{page}"
    );
    assert!(!page.contains("id=\"resolve-by-hand\""), "{page}");
}

#[tokio::test]
async fn what_is_not_text_is_not_shown_and_can_be_chosen() {
    let texts = ["0", "1", "2"].map(|it| format!("\0{it}\n"));
    let file = ("pkgs/image.png".to_owned(), texts);
    let world = conflicting(&[file], "binary").await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    assert!(page.contains("Binary, or too large to be shown"), "{page}");
    assert!(page.contains("Keep it as nixos-26.05 has it"), "{page}");
    assert!(!page.contains("f0_text"), "{page}");
    let fields = [("how", "hand"), ("f0", "theirs")];
    let answer = ada.send_form(PAGE, "/candidates/7/resolve", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}
