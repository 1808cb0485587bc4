//! The team's targets: on a candidate's page, in the queue, on the channel's page, as JSON and metrics.

use std::fs;
use std::sync::Arc;

use axum::Router;
use picket_domain::Timestamp;
use picket_evidence::{Evidence, Places, Targets};
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, sample};

/// 2026-11-23T03:46:40Z
const NOW: Timestamp = Timestamp::from_unix(1_795_405_600);

const TARGETS: Targets = Targets {
    exploited: Some(10),
    critical: Some(24),
    high: None,
    medium: None,
    low: None,
};

/// Critical are, by their age: openssh (12 h, vetoed), openssl (20 h), git (26 h), mastodon (35 h, and
/// out after 4 h). curl (11 h) is exploited; php (1 h) is high.
const RECORDS: &str = r#"{"id": "CVE-2026-42360", "database_specific": {"severity": "CRITICAL"}}
{"id": "CVE-2026-42344", "database_specific": {"severity": "CRITICAL"}}
{"id": "CVE-2026-42333", "database_specific": {"severity": "CRITICAL"}}
{"id": "CVE-2026-42301", "database_specific": {"severity": "CRITICAL"}}
{"id": "CVE-2026-42415", "database_specific": {"severity": "HIGH"}}
"#;

const CATALOGUE: &str = r#"{"vulnerabilities": [{"cveID": "CVE-2026-42377",
    "dateAdded": "2026-11-20", "dueDate": "2026-12-11"}]}"#;

async fn site() -> Site {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    fs::write(site.path().join("osv.jsonl"), RECORDS).unwrap();
    fs::write(site.path().join("kev.json"), CATALOGUE).unwrap();
    site
}

/// A server whose sources have been read.
fn serve(site: &Site, targets: Targets) -> Router {
    let evidence = Arc::new(Evidence::new(Places {
        kev: Some(site.path().join("kev.json")),
        osv: vec![site.path().join("osv.jsonl")],
        epss: None,
    }));
    evidence.look();
    let mut state = site.state();
    state.clock = || NOW;
    state.evidence = evidence;
    state.targets = targets;
    picket_web::router(state)
}

/// What a candidate's page says of its target, without tags; nothing where it says none.
fn told(page: &str) -> String {
    let card = page.split_once("id=\"stages\"").unwrap().1;
    let card = card.split_once("</section>").unwrap().0;
    let Some((_, line)) = card.split_once("<p class=\"small\">") else {
        return "-".to_owned();
    };
    let pieces = line.split_once("</p>").unwrap().0.split('<');
    let texts = pieces.map(|it| it.split_once('>').map_or(it, |(_, text)| text));
    texts.collect()
}

/// The badges of each candidate in the queue, in its order.
fn badges(queue: &str) -> String {
    let mut lines = String::new();
    for row in queue.split("<div class=\"what\">").skip(1) {
        let row = row.split_once("<div class=\"meta\">").unwrap().0;
        let pr = row.split_once("/candidates/").unwrap().1;
        lines += &pr[..6];
        for badge in row.split("<span class=\"badge").skip(1) {
            let (tone, text) = badge.split_once("\">").unwrap();
            let text = text.split_once('<').unwrap().0;
            lines += &format!(" [{text}{tone}]");
        }
        lines.push('\n');
    }
    lines
}

#[tokio::test]
async fn a_page_says_by_when_a_fix_is_to_be_out() {
    let site = site().await;
    let client = Client::new(&serve(&site, TARGETS));
    let mut lines = Vec::new();
    for pr in [412_344, 412_333, 412_377, 412_301, 412_360, 412_415] {
        let page = client.get(&format!("/candidates/{pr}")).await.body;
        lines.push(format!("{pr}: {}", told(&page)));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    412344: The team&#39;s target for critical fixes: out within 24 h, by 2026-11-23T07:46:40Z. Due in 4 h
    412333: The team&#39;s target for critical fixes: out within 24 h, by 2026-11-23T01:46:40Z. Late by 2 h
    412377: The team&#39;s target for fixes of what is exploited: out within 10 h, by 2026-11-23T02:46:40Z. Late by 1 h
    412301: The team&#39;s target for critical fixes: out within 24 h, by 2026-11-22T16:46:40Z. Met, 20 h before
    412360: -
    412415: -
    ");
}

#[tokio::test]
async fn the_queue_tells_what_is_late_to_everybody_and_keeps_its_order() {
    let site = site().await;
    let router = serve(&site, TARGETS);
    let queue = badges(&Client::new(&router).get("/queue").await.body);
    insta::assert_snapshot!(queue, @"
    412377 [Exploited bad] [Late bad]
    412333 [Critical bad] [Late bad]
    412415 [High warn]
    412350
    412410
    412344 [Critical bad] [Due in 4 h warn]
    412360 [Critical bad]
    412390
    412401
    412301 [Critical bad]
    412199
    412288
    ");
    let member = Client::signed_in(&router, "ada").await;
    let theirs = badges(&member.get("/queue").await.body);
    let sorted = |rows: &str| {
        let mut rows: Vec<_> = rows.lines().map(str::to_owned).collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&queue), sorted(&theirs), "members see no others");

    let without = Client::new(&serve(&site, Targets::default()));
    let without = badges(&without.get("/queue").await.body);
    let order = |rows: &str| -> Vec<String> { rows.lines().map(|it| it[..6].into()).collect() };
    assert_eq!(order(&without), order(&queue));
    assert!(!without.contains("[Late") && !without.contains("[Due"));
}

#[tokio::test]
async fn the_channel_counts_what_is_late_on_its_page_and_as_a_metric() {
    let site = site().await;
    let client = Client::new(&serve(&site, TARGETS));
    let line = format!(
        "<a href=\"/queue?channel={CHANNEL}\">2 fixes are later than the team's target</a>"
    );
    let page = client.get("/").await.body;
    assert!(page.contains(&line), "{page}");
    let metric = |count| format!("picket_candidates_late{{channel=\"{CHANNEL}\"}} {count}\n");
    let metrics = client.get("/metrics").await.body;
    assert!(metrics.contains(&metric(2)), "{metrics}");

    let only_critical = Targets {
        exploited: None,
        ..TARGETS
    };
    let client = Client::new(&serve(&site, only_critical));
    let page = client.get("/").await.body;
    assert!(page.contains(">1 fix is later than the team's target<"));
    let client = Client::new(&serve(&site, Targets::default()));
    assert!(!client.get("/").await.body.contains("later than the team"));
    assert!(client.get("/metrics").await.body.contains(&metric(0)));
}

#[tokio::test]
async fn json_has_the_target_of_each_candidate() {
    let site = site().await;
    let client = Client::new(&serve(&site, TARGETS));
    let get =
        async |path: &str| -> Value { serde_json::from_str(&client.get(path).await.body).unwrap() };
    let git = get("/api/v1/candidates/412333").await;
    let late = json!({
        "of": "critical",
        "hours": 24,
        "due": "2026-11-23T01:46:40Z",
        "state": "late",
        "late": true,
        "margin_seconds": -7_200,
    });
    assert_eq!(git["candidates"][0]["target"], late);
    let all = get(&format!("/api/v1/channels/{CHANNEL}/candidates")).await;
    let of = |pr: u64| {
        let all = all["candidates"].as_array().unwrap();
        all.iter().find(|it| it["number"] == pr).unwrap()["target"].clone()
    };
    assert_eq!(of(412_333), late);
    assert_eq!(of(412_377)["of"], "exploited");
    assert_eq!(of(412_301)["state"], "met");
    assert_eq!(of(412_301)["margin_seconds"], 20 * 3_600);
    assert_eq!(of(412_360), Value::Null, "vetoed");
    assert_eq!(of(412_415), Value::Null, "high has no target");
}
