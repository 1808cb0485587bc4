//! Addresses that people and programs try.

use http::StatusCode;

use crate::common::Site;
use crate::common::client::Client;

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

#[tokio::test]
async fn what_is_not_there_is_said_as_whoever_asks_reads_it() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    let page = client.get_with("/quueue", &[BROWSER]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(
        page.body.contains("There is nothing at this address."),
        "{}",
        page.body
    );
    let text = client.get("/quueue").await;
    assert_eq!(text.status, StatusCode::NOT_FOUND);
    assert_eq!(text.body, "There is no channel of this name.\n");
    let json = client.get_with("/api/v1/nope", &[BROWSER]).await;
    assert_eq!(json.status, StatusCode::NOT_FOUND);
    assert!(json.header("content-type").starts_with("application/json"));
    assert!(json.body.contains("\"message\""), "{}", json.body);
}

#[tokio::test]
async fn customary_addresses_are_there() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    let robots = client.get("/robots.txt").await;
    assert_eq!(robots.status, StatusCode::OK);
    assert!(
        robots.body.starts_with("User-agent: *\n"),
        "{}",
        robots.body
    );
    let icon = client.get("/favicon.ico").await;
    assert_eq!(icon.status, StatusCode::PERMANENT_REDIRECT);
    let icon = client.get(icon.header("location")).await;
    assert_eq!(icon.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn what_is_no_form_is_not_called_too_long() {
    let site = Site::new().await;
    let client = Client::signed_in(&picket_web::router(site.state()), "ada").await;
    let json = [("content-type", "application/json")];
    let answer = client
        .send("POST", "/nominate", &json, "{}".to_owned())
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "{}",
        answer.body
    );
    assert!(
        answer.body.contains("This address takes forms"),
        "{}",
        answer.body
    );
}
