//! What is known elsewhere of what a candidate fixes: on its page, in the queue, as JSON and metrics.

use std::fs;
use std::sync::Arc;

use axum::Router;
use picket_domain::Timestamp;
use picket_evidence::{Evidence, Places};
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::{Site, sample};

/// 2026-11-23T03:46:40Z
const NOW: Timestamp = Timestamp::from_unix(1_795_405_600);

/// `CVE-2026-40114` is nginx's; the others are their packages' only ones.
const RECORDS: &str = concat!(
    r#"{"id": "GHSA-2ffj-w4mj-pg37", "aliases": ["CVE-2026-40114"], "related": ["CVE-2026-1111"],"#,
    r#" "summary": "Requests are <b>smuggled</b>","#,
    r#" "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"#,
    r#" "affected": [{"package": {"ecosystem": "npm", "name": "<i>nginx"},"#,
    r#" "ranges": [{"events": [{"introduced": "0"}, {"fixed": "1.28.1"}]}]}],"#,
    r#" "references": [{"type": "FIX", "url": "https://example.org/fix"},"#,
    r#" {"type": "WEB", "url": "javascript:alert(1)"}]}"#,
    "\n",
    r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-9999"], "summary": "Another <one>","#,
    r#" "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "nginx"}}]}"#,
    "\n",
    r#"{"id": "CVE-2026-42415", "database_specific": {"severity": "HIGH"}}"#,
    "\n{\n",
);

const SCORES: &str = "#model_version:v2025.03.14,score_date:2026-11-22T00:00:00+0000\n\
                      cve,epss,percentile\nCVE-2026-40114,0.12345,0.95\n";

fn places(site: &Site) -> Places {
    let at = |name: &str| site.path().join(name);
    Places {
        kev: Some(at("kev.json")),
        osv: vec![at("osv.jsonl")],
        epss: Some(at("epss.csv")),
    }
}

/// A server whose sources have been read.
async fn serve(site: &Site) -> (Router, Arc<Evidence>) {
    sample::fill(site, NOW).await;
    let places = places(site);
    let entry = r#"{"cveID": "CVE-2026-40114", "dateAdded": "2026-11-01",
        "dueDate": "2026-11-22"}"#;
    let catalogue = format!("{{\"vulnerabilities\": [{entry}]}}");
    fs::write(places.kev.as_ref().unwrap(), catalogue).unwrap();
    fs::write(&places.osv[0], RECORDS).unwrap();
    fs::write(places.epss.as_ref().unwrap(), SCORES).unwrap();
    let evidence = Arc::new(Evidence::new(places));
    evidence.look();
    let mut state = site.state();
    state.clock = || NOW;
    state.evidence = Arc::clone(&evidence);
    (picket_web::router(state), evidence)
}

/// The text of a part of a page, between two marks, without tags and blank lines.
fn words(page: &str, from: &str, to: &str) -> String {
    let part = page.split_once(from).unwrap().1.split_once(to).unwrap().0;
    let mut words = String::new();
    for piece in part.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_default();
        let gap = if tag.starts_with("dd") { ": " } else { "" };
        words.push_str(gap);
        words.push_str(text);
    }
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_page_says_what_is_known_and_what_is_not() {
    let site = Site::new().await;
    let (router, _) = serve(&site).await;
    let page = Client::new(&router).get("/candidates/412350").await.body;
    let card = words(&page, "aria-labelledby=\"advisories\"", "</section>");
    insta::assert_snapshot!(card, @"
    Advisories 3
    CVE-2026-40113
    No source that Picket has knows CVE-2026-40113.
    CVE-2026-40114
    Critical 9.8
    Exploited
    Requests are &#60;b&#62;smuggled&#60;/b&#62;
    Vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
    Exploited: CVE-2026-40114 is known to be exploited since 2026-11-01; CISA wanted it mended by 2026-11-22: that is overdue.
    EPSS: 12.3 % within 30 days, as of 2026-11-22; 95.0 % of all are no likelier
    Affects: npm &#60;i&#62;nginx, mended in 1.28.1
    Also: GHSA-2ffj-w4mj-pg37
    Related: CVE-2026-1111
    More: https://example.org/fix
    GHSA-vr6x-fg8c-3hmm
    No source that Picket has knows GHSA-vr6x-fg8c-3hmm.
    nixpkgs' tracker has open advisories of this package that the pull request does not name; whether they still hold for the version at hand, it does not say:
    nginx: NIXPKGS-2026-0042 (CVE-2026-9999) Another &#60;one&#62;
    In its part of the queue: First because it is known to be exploited.
    ");
    assert!(page.contains(r#"href="https://example.org/fix""#) && !page.contains("javascript:"));
    assert!(page.contains("title=\"CVSS:3.1/AV:N"));
    let tracker = "https://tracker.security.nixos.org/issues/NIXPKGS-2026-0042";
    assert!(page.contains(tracker), "{page}");
}

/// `CVE-2026-50001` is git's by its name; nixpkgs' tracker says whose `CVE-2026-50002` is.
const MENDED: &str = concat!(
    r#"{"id": "CVE-2026-50001", "summary": "A <hook> runs", "database_specific": {"severity": "HIGH"},"#,
    r#" "affected": [{"package": {"ecosystem": "vcpkg", "name": "git"},"#,
    r#" "ranges": [{"events": [{"fixed": "2.49.1"}]}]}]}"#,
    "\n",
    r#"{"id": "NIXPKGS-2026-0077", "upstream": ["CVE-2026-50002"],"#,
    r#" "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "git"}}]}"#,
    "\n",
    r#"{"id": "CVE-2026-50002", "database_specific": {"severity": "CRITICAL"}, "affected": "#,
    r#"[{"package": {"ecosystem": "PyPI", "name": "gitx"}, "ranges": [{"events": [{"fixed": "2.49.0.1"}]}]}]}"#,
    "\n",
);

#[tokio::test]
async fn advisories_that_name_its_version_are_told_and_count() {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    let places = places(&site);
    fs::write(&places.osv[0], MENDED).unwrap();
    let mut state = site.state();
    state.clock = || NOW;
    state.evidence = Arc::new(Evidence::new(places));
    state.evidence.look();
    let router = picket_web::router(state);
    let client = Client::new(&router);
    let page = client.get("/candidates/412333").await.body;
    let told = words(&page, "id=\"advised\"", "</div>");
    insta::assert_snapshot!(told, @"
    Advisories that name this version as the fix, and that the pull request does not name:
    CVE-2026-50001 says that 2.49.1 mends git (vcpkg), which has the same name High: A &#60;hook&#62; runs
    CVE-2026-50002 says that 2.49.0.1 mends gitx (PyPI), and NIXPKGS-2026-0077 is about it Critical
    ");
    assert!(page.contains("Critical"), "{page}");
    let answer = client.get("/api/v1/candidates/412333").await.body;
    let json: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        json["candidates"][0]["evidence"]["advised"],
        json!([
            {"id": "CVE-2026-50001", "ecosystem": "vcpkg", "package": "git", "fixed": "2.49.1",
                "tracked": null},
            {"id": "CVE-2026-50002", "ecosystem": "PyPI", "package": "gitx", "fixed": "2.49.0.1",
                "tracked": "NIXPKGS-2026-0077"},
        ])
    );
    let other = client.get("/candidates/412344").await.body;
    assert!(!other.contains("id=\"advised\""), "{other}");
}

#[tokio::test]
async fn without_a_source_a_page_says_what_to_configure() {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    let mut state = site.state();
    state.clock = || NOW;
    let router = picket_web::router(state);
    let page = Client::new(&router).get("/candidates/412344").await.body;
    let card = words(&page, "aria-labelledby=\"advisories\"", "</section>");
    insta::assert_snapshot!(card, @"
    Advisories 1
    CVE-2026-42344
    In its part of the queue: Between medium and low, since no source rates it; then by age, since its EPSS is not known.
    No source is configured for: advisories (evidence.osv), CISA&#39;s catalogue (evidence.kev_file), EPSS scores (evidence.epss_file).
    ");
}

#[tokio::test]
async fn the_queue_shows_the_most_urgent_first_within_each_group() {
    let site = Site::new().await;
    let (router, _) = serve(&site).await;
    let queue = Client::new(&router).get("/queue").await.body;
    let place = |pr: u64| queue.find(&format!("/candidates/{pr}?")).unwrap();
    let [nginx, php, rsync] = [412_350, 412_415, 412_410].map(place);
    assert!(nginx < php, "exploited before high");
    assert!(
        php < rsync,
        "high before what is older and that nobody rates"
    );
    assert!(
        !queue[nginx..rsync].contains("</section>"),
        "all in one group"
    );
    assert!(queue.contains(r#"<span class="badge warn">High</span>"#));
    assert!(queue.contains(r#"<span class="badge bad">Critical</span>"#));
}

#[tokio::test]
async fn json_has_the_same_of_one_candidate() {
    let site = Site::new().await;
    let (router, _) = serve(&site).await;
    let client = Client::new(&router);
    let json = client.get("/api/v1/candidates/412350").await.body;
    let json: Value = serde_json::from_str(&json).unwrap();
    let evidence = &json["candidates"][0]["evidence"];
    assert_eq!(
        evidence["place"],
        "First because it is known to be exploited."
    );
    let known = &evidence["advisories"][1];
    let expected = json!({
        "id": "CVE-2026-40114",
        "url": "https://nvd.nist.gov/vuln/detail/CVE-2026-40114",
        "known": true,
        "also": ["GHSA-2ffj-w4mj-pg37"],
        "related": ["CVE-2026-1111"],
        "summary": "Requests are <b>smuggled</b>",
        "severity": {"rating": "critical", "score": 9.8,
            "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
        "exploited": {"since": "2026-11-01", "due": "2026-11-22", "overdue": true,
            "ransomware": false},
        "epss": {"probability": 0.12345, "percentile": 0.95, "date": "2026-11-22"},
        "affected": [{"ecosystem": "npm", "package": "<i>nginx", "fixed": ["1.28.1"]}],
        "references": ["https://example.org/fix"],
    });
    assert_eq!(known, &expected);
    assert_eq!(evidence["advisories"][0]["known"], false);
    assert_eq!(evidence["unnamed"][0]["id"], "NIXPKGS-2026-0042");
    let all = client.get("/api/v1/channels/nixos-26.05-sec/candidates");
    let all: Value = serde_json::from_str(&all.await.body).unwrap();
    assert!(all["candidates"][0].get("evidence").is_none());
}

#[tokio::test]
async fn a_source_that_breaks_is_told_and_keeps_what_it_knew() {
    let site = Site::new().await;
    let (router, evidence) = serve(&site).await;
    let client = Client::new(&router);
    let metrics = client.get("/metrics").await.body;
    for sample in [
        r#"picket_evidence_readable{source="kev"} 1"#,
        r#"picket_evidence_readable{source="osv-1"} 1"#,
        r#"picket_evidence_entries{source="osv-1"} 3"#,
        r#"picket_evidence_odd_entries{source="osv-1"} 1"#,
        r#"picket_evidence_entries{source="epss"} 1"#,
        r#"picket_evidence_age_seconds{source="epss"} "#,
    ] {
        assert!(metrics.contains(sample), "{sample}: {metrics}");
    }
    let places = places(&site);
    fs::write(&places.osv[0], "<html>").unwrap();
    fs::remove_file(places.epss.unwrap()).unwrap();
    evidence.look();
    let metrics = client.get("/metrics").await.body;
    assert!(metrics.contains(r#"picket_evidence_readable{source="osv-1"} 0"#));
    assert!(metrics.contains(r#"picket_evidence_entries{source="osv-1"} 3"#));
    let member = Client::signed_in(&router, "ada").await;
    let queue = member.get("/queue").await.body;
    assert!(
        queue.contains("What advisories say is not known"),
        "{queue}"
    );
    assert!(queue.contains("What is likely to be exploited is not known"));
    assert!(!queue.contains("What is exploited is not known"));
    let page = client.get("/candidates/412350").await.body;
    assert!(page.contains("Critical 9.8") && page.contains("12.3 % within 30 days"));
}

#[tokio::test]
async fn each_package_that_an_advisory_affects_has_a_state() {
    let site = Site::new().await;
    let (router, evidence) = serve(&site).await;
    let record = json!({
        "id": "NIXPKGS-2026-0043",
        "upstream": ["CVE-2026-40114"],
        "affected": [
            {"package": {"ecosystem": "Nixpkgs", "name": "nginx"}},
            {"package": {"ecosystem": "Nixpkgs", "name": "mastodon"}},
            {"package": {"ecosystem": "Nixpkgs", "name": "angie<b>"}},
        ],
    });
    fs::write(&places(&site).osv[0], format!("{record}\n")).unwrap();
    evidence.look();
    let page = Client::new(&router).get("/candidates/412350").await.body;
    insta::assert_snapshot!(words(&page, "id=\"sweep\"", "</div>"), @"
    By nixpkgs' tracker they affect more than one package:
    angie&#60;b&#62;: no pull request that is watched
    mastodon: #412301 Released (names none of these advisories)
    nginx: this pull request
    ");
}
