//! Approving, objecting and taking back: who may, and on what.

use axum::Router;
use http::StatusCode;
use picket_domain::{Action, CommitSha, PrNumber, Timestamp};

use crate::common::client::Client;
use crate::common::sample::{candidate, sha};
use crate::common::{CHANNEL, Site, login, named};

const APPROVE: &str = "/candidates/7/approve";

/// A site with one candidate, number 7, by `margaret`.
async fn site() -> (Site, Router) {
    let site = Site::new().await;
    let candidate = candidate(7, "curl: 8.13.0 -> 8.14.1", 3, Timestamp::now());
    site.store.upsert_candidate(&candidate).await.unwrap();
    let router = picket_web::router(site.state());
    (site, router)
}

fn head() -> CommitSha {
    sha("head 7")
}

/// What the approval's form on the candidate's page carries.
async fn form_of(client: &Client) -> Vec<(String, String)> {
    client.hidden("/candidates/7", APPROVE).await
}

fn borrowed(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter()
        .map(|(name, value)| (&**name, &**value))
        .collect()
}

async fn actions(site: &Site) -> Vec<Action> {
    let log = site.store.log_of_pr(PrNumber(7)).await.unwrap();
    log.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn an_approval_becomes_an_entry_and_wakes_the_reconciler() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let seen = head();
    let answer = ada.send_form("/candidates/7", APPROVE, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(
        answer.header("location"),
        "/candidates/7?channel=nixos-26.05-sec"
    );
    let log = site.store.log_of_pr(PrNumber(7)).await.unwrap();
    assert_eq!(log[0].actor.to_string(), "ada");
    assert!(matches!(&log[0].action, Action::Approve { head, .. } if *head == seen));
    tokio::time::timeout(std::time::Duration::from_secs(5), site.wake.notified())
        .await
        .unwrap();
    let page = ada.get("/candidates/7").await.body;
    assert!(page.contains("1 of 2 approvals"), "{page}");
    assert!(!page.contains("Approve head"));
}

#[tokio::test]
async fn approving_twice_is_approving_once() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let form = form_of(&ada).await;
    for _ in 0..2 {
        let answer = ada.submit(APPROVE, &borrowed(&form)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(actions(&site).await.len(), 1);
}

#[tokio::test]
async fn a_head_that_has_moved_cannot_be_approved() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let form = form_of(&ada).await;
    let mut moved = site.store.candidate(PrNumber(7)).await.unwrap().unwrap();
    moved.head = sha("pushed meanwhile");
    site.store.upsert_candidate(&moved).await.unwrap();
    let answer = ada.submit(APPROVE, &borrowed(&form)).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains(head().as_str()));
    assert!(answer.body.contains(moved.head.as_str()));
    assert!(actions(&site).await.is_empty());
}

#[tokio::test]
async fn authors_do_not_approve_their_own() {
    let (site, router) = site().await;
    let form = form_of(&Client::signed_in(&router, "ada").await).await;
    let mut own = site.store.candidate(PrNumber(7)).await.unwrap().unwrap();
    own.author = login("ada");
    site.store.upsert_candidate(&own).await.unwrap();
    let ada = Client::signed_in(&router, "ada").await;
    assert!(
        ada.get("/candidates/7")
            .await
            .body
            .contains("nobody approves their own")
    );
    let answer = ada.submit(APPROVE, &borrowed(&form)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(actions(&site).await.is_empty());
}

#[tokio::test]
async fn only_the_team_decides() {
    let (site, router) = site().await;
    let stranger = Client::new(&router);
    let seen = head();
    let form = [("channel", CHANNEL), ("head", seen.as_str()), ("csrf", "x")];
    assert_eq!(
        stranger.post(APPROVE, &form).await.status,
        StatusCode::UNAUTHORIZED
    );
    let outsider = Client::signed_in(&router, "grace").await;
    let csrf = outsider.csrf().await;
    let team = named(&["ada", "edsger"]);
    site.store.set_team(&team, Timestamp::now()).await.unwrap();
    for (path, form) in [
        (
            APPROVE,
            vec![("head", head().to_string()), ("seen", String::new())],
        ),
        ("/candidates/7/veto", vec![("reason", "no".to_owned())]),
        ("/candidates/7/withdraw", vec![("reason", "no".to_owned())]),
        (
            "/nominate",
            vec![("pr", "9".to_owned()), ("reason", "yes".to_owned())],
        ),
    ] {
        let mut form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        form.extend([("channel", CHANNEL), ("csrf", csrf.as_str())]);
        let answer = outsider.post(path, &form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.body.contains("for the team"), "{}", answer.body);
    }
    assert!(site.store.log_page(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_form_needs_its_own_sessions_token() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let grace = Client::signed_in(&router, "grace").await;
    let fields = form_of(&ada).await;
    let form = borrowed(&fields);
    let (graces, wrong) = (grace.csrf().await, "A".repeat(43));
    for token in [None, Some(""), Some(wrong.as_str()), Some(graces.as_str())] {
        let mut form = form.clone();
        form.extend(token.map(|token| ("csrf", token)));
        let answer = ada.post(APPROVE, &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{token:?}");
    }
    let own = ada.csrf().await;
    let mut form = form.clone();
    form.push(("csrf", &own));
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = ada.post_with(APPROVE, &[(name, value)], &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    assert!(actions(&site).await.is_empty());
    let answer = ada
        .post_with(APPROVE, &[("sec-fetch-site", "same-origin")], &form)
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_objection_needs_a_reason_and_can_be_taken_back() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let veto = "/candidates/7/veto";
    let without = ada
        .submit(veto, &[("channel", CHANNEL), ("reason", "  ")])
        .await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    let with = ada
        .submit(
            veto,
            &[("channel", CHANNEL), ("reason", "wait <b>for</b> 8.14.2")],
        )
        .await;
    assert_eq!(with.status, StatusCode::SEE_OTHER);
    let page = ada.get("/candidates/7").await.body;
    assert!(page.contains("wait &#60;b&#62;for"), "{page}");
    let withdraw = "/candidates/7/withdraw";
    let taken = ada
        .submit(withdraw, &[("channel", CHANNEL), ("reason", "it is out")])
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    let again = ada
        .submit(withdraw, &[("channel", CHANNEL), ("reason", "twice")])
        .await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    let names: Vec<_> = actions(&site).await.iter().map(Action::name).collect();
    assert_eq!(names, ["veto", "withdraw"]);
}

#[tokio::test]
async fn a_pull_request_is_nominated_once() {
    let (site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    for reason in ["upstream says so", "again"] {
        let form = [
            ("pr", "https://github.com/NixOS/nixpkgs/pull/99"),
            ("reason", reason),
        ];
        let answer = ada.submit("/nominate", &form).await;
        assert_eq!(answer.header("location"), "/nominate?asked=99");
    }
    assert_eq!(site.store.log_of_pr(PrNumber(99)).await.unwrap().len(), 1);
    assert!(
        ada.get("/nominate?asked=99")
            .await
            .body
            .contains("#99 is nominated")
    );
    let known = ada
        .submit("/nominate", &[("pr", "7"), ("reason", "x")])
        .await;
    assert_eq!(known.header("location"), "/candidates/7");
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_decided_on() {
    let (_site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let head = head();
    for (path, channel) in [("/candidates/8/approve", CHANNEL), (APPROVE, "elsewhere")] {
        let form = [("channel", channel), ("head", head.as_str()), ("seen", "")];
        assert_eq!(ada.submit(path, &form).await.status, StatusCode::NOT_FOUND);
    }
    let bad = ada
        .submit(APPROVE, &[("channel", CHANNEL), ("head", "main")])
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn forms_are_bounded() {
    let (_site, router) = site().await;
    let ada = Client::signed_in(&router, "ada").await;
    let reason = "x".repeat(100_000);
    let answer = ada
        .submit(
            "/candidates/7/veto",
            &[("channel", CHANNEL), ("reason", &reason)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let reason = "x".repeat(3_000);
    let answer = ada
        .submit(
            "/candidates/7/veto",
            &[("channel", CHANNEL), ("reason", &reason)],
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
