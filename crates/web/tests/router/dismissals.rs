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
