//! Dismissing what is not for the channel, and looking at it again.

use axum::Router;
use http::StatusCode;
use picket_domain::{Candidate, Timestamp};

use crate::common::Site;
use crate::common::client::Client;
use crate::common::sample::{candidate, sha};

const DISMISS: &str = "/candidates/7/dismiss";
const PAGE: &str = "/candidates/7";
const WHY: [(&str, &str); 2] = [("kind", "not_affected"), ("reason", "built without <zstd>")];

fn curl() -> Candidate {
    candidate(7, "curl: 8.13.0 -> 8.14.1", 3, Timestamp::now())
}

/// A site with one candidate, number 7, by `margaret`.
async fn site() -> (Site, Router) {
    let site = Site::new().await;
    site.store.upsert_candidate(&curl()).await.unwrap();
    let router = picket_web::router(site.state());
    (site, router)
}

#[tokio::test]
async fn what_is_dismissed_leaves_the_queue_with_its_reason_and_a_push_brings_it_back() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let answer = ada.send_form(PAGE, DISMISS, &WHY).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let nobody = Client::new(&router);
    let page = nobody.get(PAGE).await.body;
    assert!(
        page.contains("not affected, says ada: built without &#60;zstd&#62;"),
        "{page}"
    );
    let queue = nobody.get("/queue").await.body;
    assert!(
        queue.contains("a push or a new advisory brings it back"),
        "{queue}"
    );
    assert!(!queue.contains("more approvals are needed"), "{queue}");
    let json = nobody.get("/api/v1/candidates/7").await.body;
    assert!(json.contains("\"state\":\"dismissed\""), "{json}");
    let again = ada.submit(DISMISS, &[("head", "x")]).await;
    assert_ne!(again.status, StatusCode::SEE_OTHER);

    let mut pushed = curl();
    pushed.head = sha("another head");
    site.store.upsert_candidate(&pushed).await.unwrap();
    let page = nobody.get(PAGE).await.body;
    assert!(page.contains("2 more approvals needed"), "{page}");
}

#[tokio::test]
async fn it_is_looked_at_again_when_a_member_says_so_or_approves() {
    let (_site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    ada.send_form(PAGE, DISMISS, &WHY).await;
    let reopen = "/candidates/7/reopen";
    let answer = ada
        .send_form(PAGE, reopen, &[("reason", "it is, after all")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(ada.get(PAGE).await.body.contains("2 more approvals needed"));
    ada.send_form(PAGE, DISMISS, &WHY).await;
    let answer = ada.send_form(PAGE, "/candidates/7/approve", &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(ada.get(PAGE).await.body.contains("1 more approval needed"));
}

#[tokio::test]
async fn nobody_else_dismisses_and_no_other_head_is() {
    let (site, router) = site().await;
    let stranger = Client::new(&router).post(DISMISS, &WHY).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let ada = Client::signed_in(&router, "ada").await;
    let mut form = ada.hidden(PAGE, DISMISS).await;
    form.extend(WHY.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let mut odd = form.clone();
    odd.retain(|(name, _)| *name != "kind");
    odd.push(("kind", "whatever"));
    assert_eq!(
        ada.submit(DISMISS, &odd).await.status,
        StatusCode::BAD_REQUEST
    );
    let mut pushed = curl();
    pushed.head = sha("another head");
    site.store.upsert_candidate(&pushed).await.unwrap();
    let answer = ada.submit(DISMISS, &form).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(ada.get(PAGE).await.body.contains("2 more approvals needed"));
}

#[tokio::test]
async fn a_decision_is_put_off_for_a_time() {
    let (_site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    for days in ["", "0", "91", "x"] {
        let later = [("kind", "later"), ("days", days), ("reason", "next week")];
        let answer = ada.send_form(PAGE, DISMISS, &later).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{days}");
    }
    let later = [("kind", "later"), ("days", "7"), ("reason", "next week")];
    let answer = ada.send_form(PAGE, DISMISS, &later).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let queue = ada.get("/queue").await.body;
    assert!(queue.contains("<h2 id=\"group-1\">Put off"), "{queue}");
    let page = ada.get(PAGE).await.body;
    assert!(page.contains(", says ada: next week"), "{page}");
    let answer = ada
        .send_form(PAGE, "/candidates/7/reopen", &[("reason", "now")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(ada.get(PAGE).await.body.contains("2 more approvals needed"));
}

#[tokio::test]
async fn many_are_dismissed_at_once_and_what_has_moved_on_is_told() {
    let (site, router) = site().await;
    for pr in [8, 9] {
        let other = candidate(pr, "vim: 9.0 -> 9.1", 3, Timestamp::now());
        site.store.upsert_candidate(&other).await.unwrap();
    }
    let nobody = Client::new(&router).get("/queue").await.body;
    assert!(!nobody.contains("name=\"pick-8\""), "{nobody}");
    let ada = Client::signed_in(&router, "ada").await;
    let queue = ada.get("/queue").await.body;
    let ticks: Vec<_> = [8, 9]
        .iter()
        .map(|pr| {
            let name = format!("pick-{pr}");
            let after = queue
                .split(&format!("name=\"{name}\" value=\""))
                .nth(1)
                .unwrap();
            (name, after.split('"').next().unwrap().to_owned())
        })
        .collect();
    let ticks: Vec<_> = ticks
        .iter()
        .map(|(name, head)| (&**name, &**head))
        .collect();
    let none = ada.send_form("/queue", "/queue/dismiss", &WHY).await;
    assert!(none.body.contains("Tick at least one"), "{}", none.body);

    let mut pushed = candidate(9, "vim: 9.0 -> 9.1", 3, Timestamp::now());
    pushed.head = sha("another head");
    site.store.upsert_candidate(&pushed).await.unwrap();
    let fields = [&WHY[..], &ticks[..]].concat();
    let answer = ada.send_form("/queue", "/queue/dismiss", &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.body.contains("1 is. These wait"), "{}", answer.body);
    assert!(answer.body.contains("#9 vim"), "{}", answer.body);
    let state = async |pr: u64| {
        let json = ada.get(&format!("/api/v1/candidates/{pr}")).await.body;
        json.split("\"state\":\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        (state(7).await, state(8).await, state(9).await),
        (
            "awaiting_approval".into(),
            "dismissed".into(),
            "awaiting_approval".into()
        )
    );
    let ticks = &ticks[..1];
    ada.send_form(
        "/candidates/8",
        "/candidates/8/reopen",
        &[("reason", "again")],
    )
    .await;
    let fields = [&WHY[..], ticks].concat();
    let answer = ada.send_form("/queue", "/queue/dismiss", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}
