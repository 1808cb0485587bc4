//! A fix and its ports are shown as one matter.

use picket_domain::{
    Action, BranchName, Candidate, PickInput, PickOutcome, PrNumber, ResolvedSet, Sha256,
    Timestamp, UpstreamState,
};
use serde_json::{Value, json};

use crate::common::client::Client;
use crate::common::sample::{approve, base, candidate, decide, fill};
use crate::common::{CHANNEL, Site, channel, login};

const GIT: &str = "git: 2.49.0 -> 2.49.1";
const BY_BOT: &str = "Bot-based backport to `release-26.05`, triggered by a label in #412333.";

/// A backport as a person makes it.
fn port(pr: u64, branch: &str, body: &str) -> Candidate {
    Candidate {
        body: body.to_owned(),
        base_branch: BranchName::parse(branch).unwrap(),
        author: login("eve"),
        ..candidate(pr, &format!("[{branch}] {GIT}"), 1, Timestamp::now())
    }
}

fn by_bot(pr: u64) -> Candidate {
    Candidate {
        author: login("nixpkgs-ci[bot]"),
        ..port(pr, "release-26.05", BY_BOT)
    }
}

async fn site(ports: &[Candidate]) -> (Site, axum::Router) {
    let site = Site::new().await;
    fill(&site, Timestamp::now()).await;
    for port in ports {
        site.store.upsert_candidate(port).await.unwrap();
    }
    let router = picket_web::router(site.state());
    (site, router)
}

async fn assess(site: &Site, candidate: &Candidate, outcome: &PickOutcome) {
    let base = base(Timestamp::now());
    let input = PickInput {
        pr: candidate.pr,
        head: candidate.head.clone(),
        resolved: ResolvedSet::default().id(),
    };
    let (store, channel) = (&site.store, channel());
    let recorded = store.record_assessment(&channel, &base.rev, &input, outcome);
    recorded.await.unwrap();
}

/// The outcome of picking `git`, which the sample has.
async fn git_alone(site: &Site) -> PickOutcome {
    let facts = site.store.facts(&crate::common::policy()).await.unwrap();
    let git = &facts.candidates[&PrNumber(412_333)];
    facts.assessment(git).unwrap().clone()
}

/// What a page says between two marks, as text.
fn between(page: &str, from: &str, to: &str) -> String {
    let Some((_, rest)) = page.split_once(from) else {
        return String::new();
    };
    let part = rest.split_once(to).unwrap().0;
    let part = part.split_once('>').unwrap().1;
    let mut text = String::new();
    for piece in part.split('<') {
        let (_, words) = piece.split_once('>').unwrap_or(("", piece));
        text.push_str(words);
        if piece.starts_with("/p") || piece.starts_with("/li") {
            text.push('\n');
        }
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

async fn told(client: &Client, pr: u64) -> String {
    let page = client.get(&format!("/candidates/{pr}")).await.body;
    between(&page, "id=\"same-fix\"", "</div>")
}

async fn listed(client: &Client, pr: u64) -> String {
    let page = client.get(&format!("/candidates/{pr}")).await.body;
    between(&page, "<dd id=\"ports\"", "</dd>")
}

#[tokio::test]
async fn an_original_recommends_its_backport_and_lists_all() {
    let mut merged = port(412_452, "release-25.11", "Backport of #412333");
    merged.upstream = UpstreamState::Merged {
        at: Timestamp::now().plus_seconds(-3 * 3_600),
        commit: None,
    };
    let bots = by_bot(412_451);
    let (site, router) = site(&[bots.clone(), merged.clone()]).await;
    let mut alone = git_alone(&site).await;
    assess(&site, &bots, &alone).await;
    if let PickOutcome::Picked { commits, .. } = &mut alone {
        commits[0].patch = Sha256::of(b"something else").into();
    }
    assess(&site, &merged, &alone).await;
    let client = Client::new(&router);
    insta::assert_snapshot!(told(&client, 412_333).await, @"There is a backport made for this branch: #412451, open; it is what upstream will ship. Decide there.");
    insta::assert_snapshot!(listed(&client, 412_333).await, @r"
    Its backport #412452 (merged 3 h ago) to release-25.11, as its description says
    Applies cleanly does not make the same changes there, commit by commit
    Its backport #412451 (open) to release-26.05, made by upstream&#39;s bot
    Applies cleanly makes the same changes there
    ");
    insta::assert_snapshot!(told(&client, 412_451).await, @"");
    insta::assert_snapshot!(listed(&client, 412_451).await, @r"
    This is the backport of #412333 (open) to release-26.05, made by upstream&#39;s bot
    Applies cleanly makes the same changes there
    Another backport of it: #412452 (merged 3 h ago) to release-25.11, as its description says
    Applies cleanly does not make the same changes there, commit by commit
    ");
    let page = client.get("/candidates/412333").await.body;
    let link = format!("href=\"/candidates/412451?channel={CHANNEL}\"");
    assert_eq!(page.matches(&link).count(), 2, "{page}");
    let signs = client.get("/candidates/412451").await.body;
    assert!(signs.contains("<li>is the backport of #412333, which is watched</li>"));

    let queue = client.get("/queue").await.body;
    assert!(
        queue.contains("<span>backport #412451 is there</span>"),
        "{queue}"
    );
    assert_eq!(queue.matches("<span>backport of #412333</span>").count(), 2);
}

#[tokio::test]
async fn what_a_person_says_is_told_as_theirs_and_what_is_closed_is_no_advice() {
    let mut theirs = port(412_452, "staging-26.05", "Backport of #412333");
    let (site, router) = site(&[theirs.clone()]).await;
    let client = Client::new(&router);
    insta::assert_snapshot!(told(&client, 412_333).await, @"There is a backport made for this branch: #412452, open; that it is one, eve says. Where it is right, decide there.");

    theirs.upstream = UpstreamState::Merged {
        at: Timestamp::now(),
        commit: None,
    };
    site.store.upsert_candidate(&theirs).await.unwrap();
    insta::assert_snapshot!(told(&client, 412_333).await, @"There is a backport made for this branch: #412452, merged; it is what upstream ships. Decide there.");

    theirs.upstream = UpstreamState::Closed;
    site.store.upsert_candidate(&theirs).await.unwrap();
    assert!(!told(&client, 412_333).await.contains("Decide there"));
    insta::assert_snapshot!(listed(&client, 412_333).await, @"Its backport #412452 (closed) to staging-26.05, as its description says");
}

#[tokio::test]
async fn what_was_decided_about_one_is_told_by_the_others() {
    let of_released = port(412_460, "release-26.05", "Backport of #412301");
    let of_two = port(412_461, "release-26.05", "Backport of #412301, #412344");
    let bots = by_bot(412_451);
    let (site, router) = site(&[of_released, of_two, bots.clone()]).await;
    let client = Client::new(&router);
    insta::assert_snapshot!(told(&client, 412_460).await, @"The channel ships this fix by #412301.");
    insta::assert_snapshot!(told(&client, 412_461).await, @r"
    The channel ships a part of this by #412301.
    The team approved #412344, a part of this, and it is on its way to the channel.
    ");
    assert_eq!(told(&client, 412_301).await, "", "servers have it");

    assess(&site, &bots, &git_alone(&site).await).await;
    let ago = |minutes: i64| Timestamp::now().plus_seconds(-60 * minutes);
    approve(&site, "ada", ago(3), 412_451, &bots.head).await;
    approve(&site, "grace", ago(2), 412_451, &bots.head).await;
    insta::assert_snapshot!(told(&client, 412_333).await, @r"
    There is a backport made for this branch: #412451, open; it is what upstream will ship. Decide there.
    The team approved #412451, and it is on its way to the channel.
    ");
    let veto = Action::Veto {
        channel: channel(),
        pr: bots.pr,
        reason: "not this one".into(),
    };
    decide(&site, "grace", ago(1), veto).await;
    assert!(
        !told(&client, 412_333).await.contains("approved"),
        "each is decided by itself"
    );
}

#[tokio::test]
async fn an_original_that_is_not_watched_is_a_link_to_github() {
    let (_site, router) = site(&[port(412_452, "release-26.05", "Backport of #400000")]).await;
    let client = Client::new(&router);
    insta::assert_snapshot!(listed(&client, 412_452).await, @"This is the backport of #400000 (not watched here) to release-26.05, as its description says");
    let page = client.get("/candidates/412452").await.body;
    assert!(page.contains("href=\"https://github.com/NixOS/nixpkgs/pull/400000\""));
    assert!(!page.contains("which is watched"));
}

#[tokio::test]
async fn many_that_say_to_be_ports_do_not_fill_the_page() {
    let ports: Vec<_> = (500_000..500_040)
        .map(|pr| port(pr, "release-26.05", "Backport of #412333"))
        .chain([by_bot(412_451)])
        .collect();
    let (_site, router) = site(&ports).await;
    let client = Client::new(&router);
    let listed = listed(&client, 412_333).await;
    let shown = listed
        .lines()
        .filter(|line| line.starts_with("Its backport"));
    assert_eq!(shown.count(), 12, "{listed}");
    assert!(
        listed.starts_with("Its backport #412451 (open)"),
        "what the bot made comes first"
    );
    assert!(listed.ends_with("and 29 more"), "{listed}");
}

#[tokio::test]
async fn the_api_has_originals_and_ports() {
    let mut draft = port(412_452, "release-25.11", "Backport of #412333");
    draft.is_draft = true;
    let (_site, router) = site(&[by_bot(412_451), draft]).await;
    let client = Client::new(&router);
    let get = async |pr: u64| -> Value {
        let body = client.get(&format!("/api/v1/candidates/{pr}")).await.body;
        let mut all: Value = serde_json::from_str(&body).unwrap();
        all["candidates"][0].take()
    };
    let original = get(412_333).await;
    assert_eq!(original["port_of"], json!([]));
    let ports = json!([
        { "number": 412_451, "base_branch": "release-26.05", "state": "open", "how": "bot",
          "is_for_channel": true },
        { "number": 412_452, "base_branch": "release-25.11", "state": "draft",
          "how": "description", "is_for_channel": false },
    ]);
    assert_eq!(original["ports"], ports);
    let port = get(412_451).await;
    assert_eq!(
        port["port_of"],
        json!([{ "number": 412_333, "how": "bot" }])
    );
    assert_eq!(port["ports"], json!([]));
}
