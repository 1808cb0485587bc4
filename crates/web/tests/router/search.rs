//! Is it fixed? What the page and the API answer.

use std::sync::Arc;

use axum::Router;
use http::StatusCode;
use picket_domain::{
    Action, Advisory, Certainty, DismissalKind, Impact, ImpactOutcome, ImpactedPackage, Listed,
    PrNumber, Timestamp,
};
use picket_evidence::{Evidence, Places};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{Site, channel, policy, sample};

/// 2026-11-21T20:13:20Z
const NOW: Timestamp = Timestamp::from_unix(1_795_292_000);

const RECORDS: &str = concat!(
    r#"{"id": "GHSA-2ffj-w4mj-pg37", "aliases": ["CVE-2026-42301"], "summary": "Logins <b>leak</b>","#,
    r#" "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}"#,
    "\n",
    r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-9999"], "summary": "Another <one>","#,
    r#" "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "mastodon"}},"#,
    r#" {"package": {"ecosystem": "Nixpkgs", "name": "glitch-soc"}}]}"#,
    "\n",
);

/// The sample, with what evaluating mastodon's and openssl's fixes showed, a dismissal, and advisories.
async fn serve() -> (Site, Router) {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    for (pr, attribute, old, new) in [
        (412_301, "mastodon", "4.3.1", "4.3.2"),
        (412_344, "openssl", "3.0.15", "3.0.16"),
    ] {
        evaluated(&site, pr, attribute, old, new).await;
    }
    let dismiss = Action::Dismiss {
        channel: channel(),
        pr: PrNumber(412_377),
        head: sample::sha("head 412377"),
        advisories: Advisory::find_all("CVE-2026-42377"),
        kind: DismissalKind::NotAffected,
        reason: "built without <zstd>\u{202e}".into(),
    };
    sample::decide(&site, "ada", NOW.plus_seconds(-60), dismiss).await;
    let file = site.path().join("osv.jsonl");
    std::fs::write(&file, RECORDS).unwrap();
    let evidence = Arc::new(Evidence::new(Places {
        osv: vec![file],
        ..Places::default()
    }));
    evidence.look();
    let mut state = site.state();
    state.clock = || NOW;
    state.evidence = evidence;
    let router = picket_web::router(state);
    (site, router)
}

async fn evaluated(site: &Site, pr: u64, attribute: &str, old: &str, new: &str) {
    let facts = site.store.facts(&policy()).await.unwrap();
    let input = facts.input(&facts.candidates[&PrNumber(pr)]);
    let changed = vec![ImpactedPackage {
        attribute: attribute.into(),
        old: Some(old.into()),
        new: Some(new.into()),
    }];
    let impact = Impact {
        certainty: Certainty::Exact,
        changed: Listed::of(changed.into_iter()),
        added: Listed::default(),
        removed: Listed::default(),
        newly_failing: Listed::default(),
        newly_working: Listed::default(),
        derivations: 1,
        building: None,
        unknown: Vec::new(),
        millis: 1,
    };
    let (base, outcome) = (
        facts.base().unwrap(),
        ImpactOutcome::Known(Box::new(impact)),
    );
    let (store, channel) = (&site.store, channel());
    let recorded = store.record_impact(&channel, &base.rev, &input, &outcome);
    recorded.await.unwrap();
}

/// The text of a page's main part, a line for each of its blocks.
async fn asked(router: &Router, q: &str) -> String {
    let answer = Client::new(router).get(&format!("/search?q={q}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());
    let (_, main) = answer.body.split_once("</form>").unwrap();
    let (main, _) = main.split_once("</main>").unwrap();
    let mut text = String::new();
    let mut in_tag = false;
    for c in main.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

async fn json(router: &Router, q: &str) -> Value {
    let answer = Client::new(router)
        .get(&format!("/api/v1/search?q={q}"))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_package_is_told_with_versions_vulnerabilities_and_pull_requests() {
    let (_site, router) = serve().await;
    insta::assert_snapshot!(asked(&router, "Mastodon").await);
}

#[tokio::test]
async fn what_is_not_released_has_the_stable_channels_version() {
    let (_site, router) = serve().await;
    let found = json(&router, "openssl").await;
    let package = &found["channels"][0]["packages"][0];
    assert_eq!(package["version_in_base"], "3.0.15");
    assert_eq!(
        package["version"], "3.0.15",
        "mastodon's release has not its fix"
    );
    assert_eq!(package["vulnerabilities"][0]["state"], "affected");
}

#[tokio::test]
async fn what_was_looked_at_says_who_found_it_not_affected_and_why() {
    let (_site, router) = serve().await;
    let page = asked(&router, "curl").await;
    let told = "ada looked at it; not affected, because: built without &#60;zstd&#62;\u{fffd}";
    assert!(page.contains(told), "{page}");
    assert!(
        page.contains("Version in nixos-26.05\nNot known no change of its version"),
        "{page}"
    );
    let found = json(&router, "curl").await;
    let event = &found["channels"][0]["packages"][0]["vulnerabilities"][0]["events"][1];
    assert_eq!(
        (&event["event"], &event["by"]),
        (&"not_affected".into(), &"ada".into())
    );
}

#[tokio::test]
async fn a_vulnerability_is_found_under_all_its_names() {
    let (_site, router) = serve().await;
    insta::assert_snapshot!(asked(&router, "ghsa-2ffj-w4mj-pg37").await);
    let found = json(&router, "CVE-2026-9999").await;
    let unwatched = &found["channels"][0]["unwatched"];
    assert_eq!(*unwatched, serde_json::json!(["glitch-soc", "mastodon"]));
}

#[tokio::test]
async fn a_pull_request_is_found_by_its_number() {
    let (_site, router) = serve().await;
    let found = json(&router, "%23412301").await;
    let channel = &found["channels"][0];
    assert_eq!(channel["pull_requests"][0]["number"], 412_301);
    assert_eq!(channel["pull_requests"].as_array().unwrap().len(), 1);
    assert_eq!(channel["packages"][0]["attribute"], "mastodon");
    assert_eq!(
        channel["packages"][0]["vulnerabilities"][0]["state"],
        "fixed"
    );
}

#[tokio::test]
async fn a_part_of_a_name_leads_to_the_names_that_have_it() {
    let (_site, router) = serve().await;
    let found = json(&router, "ssl").await;
    let channel = &found["channels"][0];
    assert_eq!(channel["similar"], serde_json::json!(["openssl"]));
    assert_eq!(channel["packages"], serde_json::json!([]));
    assert_eq!(
        channel["pull_requests"][0]["number"], 412_344,
        "by its title"
    );
    let page = Client::new(&router).get("/search?q=ssl").await.body;
    assert!(page.contains("href=\"/search?q=openssl\""), "{page}");
}

#[tokio::test]
async fn nothing_found_is_not_called_safe_and_nothing_asked_is_told_what_to_type() {
    let (_site, router) = serve().await;
    insta::assert_snapshot!(asked(&router, "nonesuch").await, @"
    Nothing here is known of “nonesuch”
    No pull request that Picket watches names it, and no advisory that it was given. That does not say that it is not
    vulnerable: Picket knows of fixes that somebody proposed, and not of all packages.
    ");
    insta::assert_snapshot!(asked(&router, "").await, @"
    Type a name
    A package by its attribute ( mastodon , python313Packages.django ), an advisory ( CVE-2026-40114 ) or a pull request ( #412301 ).
    ");
    let bare = Client::new(&router).get("/search").await;
    assert_eq!(bare.status, StatusCode::OK);
    let long = "x".repeat(101);
    let page = asked(&router, &long).await;
    assert!(page.starts_with("That is too long."), "{page}");
    for q in ["", &long] {
        let answer = Client::new(&router)
            .get(&format!("/api/v1/search?q={q}"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            answer.body.contains("at most 100 characters"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn what_is_asked_stays_text() {
    let (_site, router) = serve().await;
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AE%27";
    let page = Client::new(&router)
        .get(&format!("/search?q={hostile}"))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("<script>alert") && !page.body.contains('\u{202e}'));
    assert!(
        page.body
            .contains("value=\"&#34;&#62;&#60;script&#62;alert(1)"),
        "{}",
        page.body
    );
    // What is no UTF-8, and a question that is asked twice, break nothing.
    for odd in ["q=%FF", "q=a&q=b", "q=%00"] {
        let answer = Client::new(&router).get(&format!("/search?{odd}")).await;
        assert!(
            answer.status.is_success() || answer.status.is_client_error(),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn the_first_pages_have_a_field_for_it() {
    let (_site, router) = serve().await;
    let client = Client::new(&router);
    for page in ["/", "/queue", "/search"] {
        let body = client.get(page).await.body;
        let forms = body
            .matches("<form class=\"ask\" method=\"get\" action=\"/search\"")
            .count();
        assert_eq!(forms, 1, "{page}");
    }
    assert!(
        client
            .get("/robots.txt")
            .await
            .body
            .contains("Disallow: /search\n")
    );
}
