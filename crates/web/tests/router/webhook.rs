//! What GitHub delivers: kept where it is signed, refused where it is not.

use axum::Router;
use axum::body::Body;
use hmac::{Hmac, Mac};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use sha2::Sha256;
use tower::ServiceExt;

use crate::common::{Site, WEBHOOK_SECRET};

const LABELED: &str = r#"{"action":"labeled","number":7}"#;

fn signature(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

async fn deliver(router: &Router, id: &str, body: &str, signature: &str) -> (StatusCode, String) {
    let request = Request::post("/webhooks/github")
        .header("content-type", "application/json")
        .header("x-github-event", "pull_request")
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", signature)
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_signed_delivery_is_kept_once_and_rings() {
    let site = Site::new().await;
    let router = picket_web::router(site.state());
    let rung = site.wake.notified();
    let first = deliver(&router, "one", LABELED, &signature(LABELED)).await;
    assert_eq!(first, (StatusCode::ACCEPTED, r#"{"new":true}"#.to_owned()));
    rung.await;
    let again = deliver(&router, "one", LABELED, &signature(LABELED)).await;
    assert_eq!(again, (StatusCode::ACCEPTED, r#"{"new":false}"#.to_owned()));
    let kept = site.store.new_deliveries().await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&*kept[0].body, &*kept[0].event), (LABELED, "pull_request"));
}

#[tokio::test]
async fn what_is_forged_odd_or_too_long_is_refused() {
    let site = Site::new().await;
    let router = picket_web::router(site.state());
    let long = format!("[\"{}\"]", "x".repeat(6 << 20));
    for (id, body, signature, status) in [
        ("a", LABELED, signature("{}"), StatusCode::UNAUTHORIZED),
        ("a", LABELED, String::new(), StatusCode::UNAUTHORIZED),
        ("a", "{", signature("{"), StatusCode::BAD_REQUEST),
        ("", LABELED, signature(LABELED), StatusCode::BAD_REQUEST),
        ("../a", LABELED, signature(LABELED), StatusCode::BAD_REQUEST),
        ("a", &long, signature(&long), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = deliver(&router, id, body, &signature).await;
        assert_eq!(answer.0, status, "{id} {}: {}", &body[..1], answer.1);
    }
    assert!(site.store.new_deliveries().await.unwrap().is_empty());

    let mut state = site.state();
    state.webhook_secret = None;
    let router = picket_web::router(state);
    let answer = deliver(&router, "a", LABELED, &signature(LABELED)).await;
    assert_eq!(answer.0, StatusCode::NOT_FOUND);
}
