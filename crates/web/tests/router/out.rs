//! What servers have, and should not have, or would lose.

use picket_domain::{
    Action, Certainty, Impact, ImpactOutcome, ImpactedPackage, Lane, Listed, PrNumber, Timestamp,
};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, channel, sample};

const NOW: Timestamp = Timestamp::from_unix(1_780_000_000);
const MASTODON: &str = "/candidates/412301";

async fn site() -> (Site, Client) {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    let mut state = site.state();
    state.clock = || NOW;
    let client = Client::new(&picket_web::router(state));
    (site, client)
}

/// The first element of a page that begins so, without its tags.
fn text(page: &str, from: &str, to: &str) -> String {
    let at = page
        .find(from)
        .unwrap_or_else(|| panic!("{from} in {page}"));
    let part = page[at..].split(to).next().unwrap();
    let pieces = part.split('<').filter_map(|piece| piece.split_once('>'));
    let words = pieces.flat_map(|(_, text)| text.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

async fn state(client: &Client) -> String {
    let answer = client.get("/api/v1/candidates/412301").await;
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    let candidate = &json["candidates"][0];
    format!("{} {}", candidate["state"], candidate["reason"])
}

#[tokio::test]
async fn a_fix_that_a_new_base_would_take_away_is_named_with_what_to_do() {
    let (site, client) = site().await;
    sample::newer_base(&site, NOW).await;
    let page = client.get(&format!("/channels/{CHANNEL}")).await.body;
    insta::assert_snapshot!(text(&page, "<div class=\"notice bad\"", "</div>"), @"On hold since 30 min ago : on the stable channel&#39;s newest revision 019d9de07fa5, servers would lose fixes that they have: #412301 (it conflicts). Approve them again as they are there, resolve their conflicts, or veto those that are not needed any more. Until then the channel stays where it is.");
    let page = client.get(MASTODON).await.body;
    insta::assert_snapshot!(text(&page, "<div class=\"notice bad\" role=\"alert\" id=\"lost\"", "</div>"), @"Servers would lose this fix on the newest revision 019d9de07fa5 of nixos-26.05: it conflicts. Resolve its conflict with that revision, below, or veto it if it is not needed any more. Until then the channel stays on the revision that it has.");
    // Servers have it still.
    insta::assert_snapshot!(state(&client).await, @r#""released" "in nixos-26.05.715880.12.7a05f124b6cb""#);
    let other = client.get("/candidates/412350").await.body;
    assert!(!other.contains("id=\"lost\""), "{other}");
}

#[tokio::test]
async fn a_veto_of_what_is_out_says_that_it_is_out() {
    let (site, client) = site().await;
    let veto = Action::Veto {
        channel: channel(),
        pr: PrNumber(412_301),
        reason: "It breaks logins.".to_owned(),
    };
    sample::decide(&site, "grace", NOW, veto).await;
    let page = client.get(MASTODON).await.body;
    insta::assert_snapshot!(text(&page, "<p class=\"line\"", "<span class=\"chips\""), @"Vetoed grace: It breaks logins; nixos-26.05.715880.12.7a05f124b6cb is out with it, and the next release goes without it");
    insta::assert_snapshot!(state(&client).await, @r#""vetoed" "grace: It breaks logins; nixos-26.05.715880.12.7a05f124b6cb is out with it, and the next release goes without it""#);
}

#[tokio::test]
async fn each_fact_says_which_head_it_is_of_after_a_push() {
    let (site, client) = site().await;
    let pushed = PrNumber(412_301);
    let mut candidate = site.store.candidate(pushed).await.unwrap().unwrap();
    let old = candidate.head.clone();
    candidate.head = sample::sha("pushed later");
    site.store.upsert_candidate(&candidate).await.unwrap();

    let page = client.get(MASTODON).await.body;
    insta::assert_snapshot!(text(&page, "<div class=\"notice info\" role=\"status\" id=\"out\"", "</div>"), @"Servers have an earlier head of it , d0849553638b , approved by ada, grace, in release nixos-26.05.715880.12.7a05f124b6cb , 1 d 7 h ago . This page is about head 9349c8a20e02 , which was pushed later and is not out.");
    insta::assert_snapshot!(text(&page, "<h2 id=\"build\"", "</header>"), @"Build of the earlier head d0849553638b Being built of f92a3d7d6c91");
    let answer = client.get("/api/v1/candidates/412301").await;
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    let candidate = &json["candidates"][0];
    assert_eq!(candidate["approvals"], Value::Array(Vec::new()));
    let out = &candidate["earlier_head_out"];
    assert_eq!(out["head"], old.as_str());
    assert_eq!(out["approved_by"], serde_json::json!(["ada", "grace"]));
    let queue = client.get("/queue").await.body;
    assert_eq!(queue.matches("Earlier head out").count(), 1, "{queue}");
    // The channel's page tells who approved what is out.
    let page = client.get(&format!("/channels/{CHANNEL}")).await.body;
    assert!(page.contains("approved by ada, grace"), "{page}");
}

#[tokio::test]
async fn versions_come_from_evaluating_and_not_from_titles() {
    let (site, client) = site().await;
    let facts = site.store.facts(&crate::common::policy()).await.unwrap();
    let base = facts.base().unwrap().rev.clone();
    let pick = facts.current_release().unwrap().picks[0].pr;
    let input = facts.input(&facts.candidates[&pick]);
    let package = |attribute: &str, old: &str, new: &str| ImpactedPackage {
        attribute: attribute.into(),
        old: Some(old.into()),
        new: Some(new.into()),
    };
    let changed = [
        package("redis", "7.2.7", "8.0.2"),
        package("redis-tools", "7.2.7", "7.2.7"),
    ];
    let impact = ImpactOutcome::Known(Box::new(Impact {
        certainty: Certainty::Exact,
        changed: Listed::of(changed.into_iter()),
        added: Listed::default(),
        removed: Listed::default(),
        newly_failing: Listed::default(),
        newly_working: Listed::default(),
        derivations: 2,
        building: None,
        unknown: Vec::new(),
        millis: 1,
    }));
    let channel = channel();
    let recorded = site.store.record_impact(&channel, &base, &input, &impact);
    recorded.await.unwrap();
    for path in ["/".to_owned(), format!("/candidates/{pick}")] {
        let page = client.get(&path).await.body;
        assert!(
            page.contains("<code>redis 7.2.7 → 8.0.2</code> <span class=\"badge warn\">Major"),
            "{path}: {page}"
        );
        assert!(!page.contains("redis-tools 7.2.7 →"), "{path}");
    }
}

#[tokio::test]
async fn what_was_seen_once_says_when_it_was_last_checked() {
    let (site, client) = site().await;
    let page = client.get("/").await.body;
    assert!(
        page.contains("not checked since the server was started"),
        "{page}"
    );
    let minutes_ago = |minutes: i64| NOW.plus_seconds(-60 * minutes);
    {
        let mut board = site.board.lock().unwrap();
        board.set_checked(Lane::Observe, Some(channel()), minutes_ago(7));
        board.set_checked(Lane::Watch, None, minutes_ago(3));
    }
    let page = client.get("/").await.body;
    let checked = text(&page, "<dt>Base</dt>", "</div>");
    assert!(checked.ends_with("checked 7 min ago"), "{checked}");
    let queue = client.get("/queue").await.body;
    let asked = text(&queue, "GitHub asked", "</span>");
    assert_eq!(asked, "3 min ago");
    let metrics = client.get("/metrics").await.body;
    let line = "picket_checked_seconds_ago{lane=\"watch\",channel=\"\"} 180";
    assert!(metrics.contains(line), "{metrics}");
    let answer = client.get(&format!("/api/v1/channels/{CHANNEL}")).await;
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["base"]["checked_at"], minutes_ago(7).to_string());
}
