//! What is fixed and what is not, as feed readers and scanners are told.

use std::collections::BTreeMap;
use std::io::Read as _;

use atom_syndication::Feed;
use axum::Router;
use http::StatusCode;
use picket_domain::{Action, DismissalKind, PrNumber, Timestamp};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{BASE_URL, CHANNEL, Site, channel, policy, sample};

/// 2026-11-21T20:13:20Z
const NOW: Timestamp = Timestamp::from_unix(1_795_292_000);
const MASTODON: PrNumber = PrNumber(412_301);
const HOSTILE: &str =
    "mastodon: ]]></content><script>alert(1)</script>\u{202e}&\u{1}\u{ffff}\u{fffe}'\"";

/// A server whose sample has a released fix with a hostile title.
async fn serve() -> (Site, Router) {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    let facts = site.store.facts(&policy()).await.unwrap();
    let mut mastodon = facts.candidates[&MASTODON].as_ref().clone();
    mastodon.title = HOSTILE.into();
    site.store.upsert_candidate(&mastodon).await.unwrap();
    let mut state = site.state();
    state.clock = || NOW;
    let router = picket_web::router(state);
    (site, router)
}

fn at(file: &str) -> String {
    format!("/{CHANNEL}/{file}")
}

/// All documents that there are.
fn documents() -> Vec<String> {
    let files = [
        "feed.atom",
        "openvex.json",
        "osv/all.jsonl",
        "osv-git/all.jsonl",
    ];
    let record = format!("osv/x_PICKET-{CHANNEL}-{MASTODON}.json");
    let of_channel = files.into_iter().chain([&*record]).map(at);
    let of_all = ["/.well-known/vex-repository.json", "/vex/repository.tar.gz"];
    of_channel.chain(of_all.map(str::to_owned)).collect()
}

async fn feed(client: &Client) -> Feed {
    let answer = client.get(&at("feed.atom")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    Feed::read_from(answer.bytes.as_ref()).unwrap()
}

async fn json(client: &Client, path: &str) -> Value {
    let answer = client.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json", "{path}");
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_feed_reader_finds_the_releases_newest_first() {
    let (_site, router) = serve().await;
    let feed = feed(&Client::new(&router)).await;
    assert_eq!(feed.id(), format!("{BASE_URL}{}", at("feed.atom")));
    let entries = feed.entries();
    assert_eq!(entries.len(), 2);
    assert_eq!(feed.updated(), entries[0].updated());
    assert!(entries[0].updated() > entries[1].updated());
    for entry in entries {
        assert!(
            entry
                .id()
                .starts_with(&format!("{BASE_URL}/releases/{CHANNEL}/nixos-26.05."))
        );
        assert_eq!(Some(entry.updated()), entry.published());
        assert_eq!(entry.links()[0].href(), entry.id());
    }
    let page = format!("{BASE_URL}/candidates/{MASTODON}?channel={CHANNEL}");
    assert!(entries[0].links().iter().any(|link| link.href() == page));
    let content = entries[0].content().unwrap();
    assert_eq!(content.content_type(), Some("html"));
    let (before, html) = content.value().unwrap().split_once(" on ").unwrap();
    assert!(before.ends_with(": 1 fix"), "{before}");
    let (_, html) = html.split_once("before.</p>").unwrap();
    insta::assert_snapshot!(html.trim());
    let title = entries[0].title().as_str();
    assert!(
        title.contains(": #412301 mastodon: ]]></content><script>"),
        "{title}"
    );
}

#[tokio::test]
async fn a_hostile_title_stays_text() {
    let (_site, router) = serve().await;
    let xml = Client::new(&router).get(&at("feed.atom")).await.body;
    for bad in [
        "<script>",
        "]]></content>",
        "\u{202e}",
        "\u{1}",
        "\u{ffff}",
        "\u{fffe}",
    ] {
        assert!(!xml.contains(bad), "{bad:?} in {xml}");
    }
    assert!(
        xml.contains("[U+202E]") || xml.contains('\u{fffd}'),
        "{xml}"
    );
    let records = Client::new(&router).get(&at("osv/all.jsonl")).await.body;
    assert!(
        !records.contains('\u{202e}') && !records.contains("\\u0001"),
        "{records}"
    );
}

#[tokio::test]
async fn every_document_has_a_tag_and_is_sent_to_whoever_does_not_have_it() {
    let (site, router) = serve().await;
    let client = Client::new(&router);
    let mut tags = BTreeMap::new();
    for path in documents() {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        let tag = answer.header("etag").to_owned();
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=60",
            "{path}"
        );
        let again = client.get_with(&path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert!(again.bytes.is_empty());
        let head = client.head(&path).await;
        assert_eq!((head.status, head.header("etag")), (StatusCode::OK, &*tag));
        tags.insert(path, tag);
    }
    let packed = [("accept-encoding", "gzip")];
    let feed = client.get_with(&at("feed.atom"), &packed).await;
    assert_eq!(feed.header("content-encoding"), "gzip");
    assert_eq!(feed.header("etag"), tags[&at("feed.atom")]);
    // Another release changes what is about releases, and another look at the same nothing.
    sample::release(&site, 13, &[MASTODON.0], NOW.plus_seconds(-60)).await;
    for path in ["feed.atom", "openvex.json"].map(at) {
        let tag = &tags[&path];
        let answer = client.get_with(&path, &[("if-none-match", tag)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let path = at("osv-git/all.jsonl");
    let answer = client
        .get_with(&path, &[("if-none-match", &tags[&path])])
        .await;
    assert_eq!(
        answer.status,
        StatusCode::NOT_MODIFIED,
        "it is fixed as before"
    );
}

#[tokio::test]
async fn a_scanner_finds_each_record_in_the_list_and_by_its_id() {
    let (_site, router) = serve().await;
    let client = Client::new(&router);
    for (folder, has_package) in [("osv", true), ("osv-git", false)] {
        let all = client.get(&at(&format!("{folder}/all.jsonl"))).await;
        assert_eq!(all.header("content-type"), "application/x-ndjson");
        let records: Vec<Value> = all
            .body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(records.len(), 2, "{}", all.body);
        for record in &records {
            let id = record["id"].as_str().unwrap();
            let one = json(&client, &at(&format!("{folder}/{id}.json"))).await;
            assert_eq!(one, *record);
            assert_eq!(record["affected"][0].get("package").is_some(), has_package);
            assert!(record.get("aliases").is_none());
        }
        let mastodon = &records[0];
        assert_eq!(mastodon["upstream"], serde_json::json!(["CVE-2026-42301"]));
        let fixed = &mastodon["affected"][0]["ranges"][0]["events"][1]["fixed"];
        assert_eq!(fixed, sample::sha("release 12").as_str());
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_as_text() {
    let (_site, router) = serve().await;
    let client = Client::new(&router);
    for path in [
        "/nowhere/feed.atom",
        "/nowhere/openvex.json",
        "/nowhere/osv/all.jsonl",
        &at("osv/x_PICKET-nixos-26.05-sec-1.json"),
        &at("osv/x_PICKET-nixos-26.05-sec-0412301.json"),
        &at("osv/%3Cscript%3E.json"),
        &at("osv-git/all.json"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.header("content-type").starts_with("text/plain"),
            "{path}"
        );
        assert!(
            answer.body.starts_with("There is no "),
            "{path}: {}",
            answer.body
        );
    }
}

/// As Trivy does: the manifest leads to the archive, its index to a package's document.
#[tokio::test]
async fn the_vex_repository_leads_to_what_was_decided_about_a_package() {
    let (site, router) = serve().await;
    let dismiss = Action::Dismiss {
        channel: channel(),
        pr: PrNumber(412_377),
        head: sample::sha("head 412377"),
        advisories: picket_domain::Advisory::find_all("CVE-2026-42377"),
        kind: DismissalKind::NotAffected,
        reason: "built without it".into(),
    };
    sample::decide(&site, "ada", NOW.plus_seconds(-60), dismiss).await;
    let client = Client::new(&router);
    let manifest = json(&client, "/.well-known/vex-repository.json").await;
    let location = manifest["versions"][0]["locations"][0]["url"]
        .as_str()
        .unwrap();
    let archive = client.get(location.strip_prefix(BASE_URL).unwrap()).await;
    let files = unpacked(&archive.bytes);
    let of = |id: &str| {
        let packages = files["index.json"]["packages"].as_array().unwrap();
        let found = packages.iter().find(|package| package["id"] == id)?;
        Some(&files[found["location"].as_str().unwrap()])
    };
    let state = |id: &str| of(id).map(|it| it["statements"][0]["status"].as_str().unwrap());
    assert_eq!(state("pkg:nix/nixpkgs/mastodon"), Some("fixed"));
    assert_eq!(state("pkg:nix/nixpkgs/curl"), Some("not_affected"));
    let curl = of("pkg:nix/nixpkgs/curl").unwrap();
    assert_eq!(
        curl["statements"][0]["impact_statement"],
        "built without it"
    );
    assert_eq!(
        state("pkg:nix/nixpkgs/php84"),
        None,
        "nobody decided about it"
    );
    let whole = json(&client, &at("openvex.json")).await;
    let told = whole["statements"].as_array().unwrap().iter();
    let states: Vec<_> = told.map(|it| it["status"].as_str().unwrap()).collect();
    assert!(states.contains(&"under_investigation"), "{states:?}");
}

/// The files of an archive, by path.
fn unpacked(archive: &[u8]) -> BTreeMap<String, Value> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(path, serde_json::from_str(&text).unwrap());
    }
    files
}

#[tokio::test]
async fn a_feed_ends_somewhere_and_begins_with_nothing() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    assert!(feed(&client).await.entries().is_empty());
    assert_eq!(
        json(&client, &at("openvex.json")).await["statements"],
        serde_json::json!([])
    );
    assert_eq!(client.get(&at("osv/all.jsonl")).await.body, "");
    let archive = client.get("/vex/repository.tar.gz").await;
    assert_eq!(unpacked(&archive.bytes).len(), 1, "an index of nothing");
    site.store
        .record_base(&channel(), &sample::base(NOW))
        .await
        .unwrap();
    for seq in 12..72 {
        sample::release(&site, seq, &[], NOW.plus_seconds(60 * seq as i64)).await;
    }
    let feed = feed(&client).await;
    assert_eq!(feed.entries().len(), 50);
    assert!(
        feed.entries()[0].id().contains(".71."),
        "{}",
        feed.entries()[0].id()
    );
}

#[tokio::test]
async fn the_channels_page_leads_to_all_of_them() {
    let (_site, router) = serve().await;
    let client = Client::new(&router);
    let page = client.get("/").await.body;
    let link = format!(
        "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"Releases of {CHANNEL}\" href=\"/{CHANNEL}/feed.atom\">"
    );
    assert!(page.contains(&link), "{page}");
    for file in [
        "feed.atom",
        "openvex.json",
        "osv/all.jsonl",
        "osv-git/all.jsonl",
    ] {
        assert!(
            page.contains(&format!("<a href=\"{}\">", at(file))),
            "{file}"
        );
    }
    let queue = client.get("/queue").await.body;
    assert!(!queue.contains("rel=\"alternate\""));
}
