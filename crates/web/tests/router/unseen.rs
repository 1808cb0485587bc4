//! What a page does not show of what it asks to be approved.

use http::StatusCode;
use picket_domain::Action;

use crate::common::client::Client;
use crate::common::world::World;

const PAGE: &str = "/candidates/7";

#[tokio::test]
async fn an_approval_says_and_records_what_was_not_shown() {
    let world = World::new().await;
    let root = world.commit(&[], "root", &[("a", Some("a\n"))]);
    let (long, wide) = ("line\n".repeat(2_500), "x".repeat(200_000) + "\n");
    let files = [
        ("image", Some("\0")),
        ("long", Some(long.as_str())),
        ("plain", Some("one\n")),
        ("wide", Some(wide.as_str())),
    ];
    let head = world.commit(&[root], "fix", &files);
    world.base(root, root).await;
    world.pull(7, "fix", &[head]).await;
    world.reconcile().await;
    let ada = Client::signed_in(&world.router(), "ada").await;
    let page = ada.get(PAGE).await.body;
    let told = [
        "image: binary, or too large",
        "long: 500 of 2500 changed lines",
        "wide: the ends of long lines",
    ];
    let unseen = page.split("id=\"unseen\"").nth(1).expect("it is told");
    let unseen = unseen.split("</div>").next().unwrap();
    for line in told {
        assert!(
            unseen.contains(&format!("<li class=\"break\">{line}</li>")),
            "{line} in {unseen}"
        );
    }
    assert!(!unseen.contains("plain"), "{unseen}");

    let whole = ada.get("/candidates/7/patch").await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.body.matches("+line\n").count(), 2_500);
    assert!(
        whole
            .header("content-disposition")
            .starts_with("attachment")
    );

    let answer = ada.send_form(PAGE, "/candidates/7/approve", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let Some(Action::Approve { not_shown, .. }) = world.actions(7).await.pop() else {
        panic!("no approval");
    };
    assert_eq!(not_shown, told);
    let log = ada.get("/audit-log").await.body;
    assert!(
        log.contains("; not shown: image: binary, or too large, long: 500 of"),
        "{log}"
    );
}
