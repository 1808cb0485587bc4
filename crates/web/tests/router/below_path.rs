//! The server below a path of its host: behind a reverse proxy that strips the path, or does not.

use axum::Router;
use http::StatusCode;

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, passphrase};

const PREFIX: &str = "/picket";

async fn server(site: &Site) -> Router {
    let mut state = site.state();
    state.base_url = format!("https://sec.example{PREFIX}").parse().unwrap();
    picket_web::router(state)
}

/// The addresses at the server's root in a page.
fn addresses(page: &str) -> Vec<&str> {
    let parts = page.split(['"', '\'']);
    let pairs = parts.clone().zip(parts.skip(1));
    pairs
        .filter(|(before, value)| {
            let names = ["href=", "src=", "action="];
            names.iter().any(|name| before.ends_with(name)) && value.starts_with('/')
        })
        .map(|(_, value)| value)
        .collect()
}

#[tokio::test]
async fn every_address_in_a_page_is_below_the_path() {
    let site = Site::new().await;
    let client = Client::new(&server(&site).await);
    for page in [
        "/",
        "/queue",
        "/login",
        "/audit-log",
        "/nominate",
        "/search?q=x",
        "/no/such/page/at/all",
    ] {
        let answer = client.get(page).await;
        let found = addresses(&answer.body);
        assert!(found.len() > 5, "{page}: {found:?}");
        for address in found {
            assert!(address.starts_with("/picket/"), "{page}: {address}");
        }
        let length = answer.header("content-length");
        assert!(length.is_empty() || length == answer.body.len().to_string());
    }
    let channel = client.get("/").await.body;
    assert!(channel.contains("https://sec.example/picket/cache"));
    assert!(channel.contains(&format!("https://sec.example/picket/{CHANNEL}")));
}

#[tokio::test]
async fn requests_are_answered_with_the_path_and_without_it() {
    let site = Site::new().await;
    let client = Client::new(&server(&site).await);
    let style = client.get("/queue").await.body;
    let style = addresses(&style)
        .into_iter()
        .find(|it| it.ends_with(".css"));
    let style = style.unwrap().to_owned();
    for path in [
        &style,
        style.strip_prefix(PREFIX).unwrap(),
        "/picket",
        "/picket/",
        "/picket?x=1",
    ] {
        assert_eq!(client.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(
        client.get("/pickets/queue").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn people_sign_in_and_are_sent_on_below_the_path() {
    let site = Site::new().await;
    let mut client = Client::new(&server(&site).await);
    let answer = client.log_in("ada", &passphrase("ada")).await;
    assert_eq!(answer.header("location"), "/picket/queue");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("__Secure-picket=") && cookie.contains("; Path=/picket;"),
        "{cookie}"
    );
    assert!(client.get("/queue").await.body.contains("Signed in as"));
    assert_eq!(
        client.submit("/logout", &[]).await.header("location"),
        "/picket/"
    );
}

#[tokio::test]
async fn scripts_are_told_addresses_below_the_path() {
    let site = Site::new().await;
    let client = Client::new(&server(&site).await);
    let channels: serde_json::Value =
        serde_json::from_str(&client.get("/api/v1/channels").await.body).unwrap();
    let text = channels.to_string();
    assert!(text.contains("https://sec.example/picket/cache"), "{text}");
    assert!(
        text.contains(&format!("https://sec.example/picket/{CHANNEL}")),
        "{text}"
    );
}
