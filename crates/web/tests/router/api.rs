//! The JSON API and metrics.

use http::StatusCode;
use picket_domain::Timestamp;
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, sample};

async fn sample() -> (Site, Client) {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let client = Client::new(&picket_web::router(site.state()));
    (site, client)
}

async fn json(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_channel_is_described_with_every_picks_state() {
    let (_site, client) = sample().await;
    let channel = json(&client, &format!("/api/v1/channels/{CHANNEL}")).await;
    let current = channel["release"].as_str().unwrap();
    assert!(current.starts_with("nixos-26.05.715880.12."), "{current}");
    assert_eq!(channel["current"]["picks"], serde_json::json!([412_301]));
    let hash = channel["current"]["nar_hash"].as_str().unwrap();
    assert!(hash.starts_with("sha256-"), "{hash}");
    let manifest = channel["current"]["manifest_url"].as_str().unwrap();
    assert!(manifest.ends_with(&format!("/{current}/release.json")));
    assert_eq!(channel["base"]["rev_count"], 715_880);
    assert_eq!(channel["releases"].as_array().unwrap().len(), 2);
    let picks = channel["picks"].as_array().unwrap();
    let states: Vec<_> = picks
        .iter()
        .map(|pick| format!("{} {}", pick["number"], pick["state"]))
        .collect();
    insta::assert_snapshot!(states.join("\n").replace('"', ""), @r"
    412199 superseded
    412288 in_base
    412301 released
    412333 awaiting_approval
    412344 building
    412350 awaiting_approval
    412360 vetoed
    412377 awaiting_approval
    412390 conflict
    412401 build_failed
    412410 awaiting_approval
    412415 awaiting_approval
    ");
    let channels = json(&client, "/api/v1/channels").await;
    assert_eq!(channels["channels"][0]["release"], current);
}

#[tokio::test]
async fn a_candidate_is_described_for_each_channel() {
    let (_site, client) = sample().await;
    let all = json(&client, "/api/v1/candidates/412350").await;
    let candidate = &all["candidates"][0];
    assert_eq!(candidate["channel"], CHANNEL);
    assert_eq!(candidate["assessment"], "picked");
    assert_eq!(candidate["approvals"][0]["by"], "grace");
    assert_eq!(candidate["approvals_needed"], 2);
    let listed = json(&client, &format!("/api/v1/channels/{CHANNEL}/candidates")).await;
    assert_eq!(listed["candidates"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn errors_are_json_too() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    for (path, status) in [
        ("/api/v1/channels/none", StatusCode::NOT_FOUND),
        ("/api/v1/channels/none/candidates", StatusCode::NOT_FOUND),
        ("/api/v1/candidates/7", StatusCode::NOT_FOUND),
        ("/api/v1/candidates/x", StatusCode::BAD_REQUEST),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert!(body["message"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn metrics_count_what_the_pages_show() {
    let (_site, client) = sample().await;
    let page = client.get("/metrics").await;
    assert!(
        page.header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    for line in [
        "picket_release_seq{channel=\"nixos-26.05-sec\"} 12",
        "picket_candidates{channel=\"nixos-26.05-sec\",state=\"awaiting_approval\"} 5",
        "picket_candidates{channel=\"nixos-26.05-sec\",state=\"retrying\"} 0",
        "picket_candidates{channel=\"nixos-26.05-sec\",state=\"given_up\"} 0",
        "picket_lane_last_look_seconds{lane=\"release\",channel=\"nixos-26.05-sec\"} 0",
        "picket_lane_alive{lane=\"release\",channel=\"nixos-26.05-sec\"} 1",
        "picket_lane_restarts_total{lane=\"release\",channel=\"nixos-26.05-sec\"} 0",
        "picket_lane_troubles{lane=\"release\",channel=\"nixos-26.05-sec\"} 0",
        "picket_channel_holds{channel=\"nixos-26.05-sec\"} 0",
        "picket_superseded_total{channel=\"nixos-26.05-sec\"} 1",
        "picket_lag_won_seconds_total{channel=\"nixos-26.05-sec\"} 543600",
        "# TYPE picket_base_age_seconds gauge",
    ] {
        assert!(
            page.body.lines().any(|it| it == line),
            "{line}\n{}",
            page.body
        );
    }
}

#[tokio::test]
async fn an_internal_error_shows_no_details() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    site.store.close().await;
    let answer = client.get("/queue").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.body.contains("Something went wrong on this server"));
    assert!(
        !answer.body.to_lowercase().contains("sql"),
        "{}",
        answer.body
    );
}
