//! What upstream makes of a candidate is shown, and is no decision.

use picket_domain::{
    Candidate, Ci, CiState, CommentEnd, CommentId, CommentRecord, CommentTraffic, CommitSha, Lane,
    Login, Reception, ReceptionReading, Review, ReviewState, ReviewTraffic, Reviews, Sha256,
    Timestamp, Trouble,
};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{Site, sample};

/// 2026-11-21T20:13:20Z
const NOW: Timestamp = Timestamp::from_unix(1_795_292_000);
const OTHER: &str = "0123456789abcdef0123456789abcdef01234567";

async fn site() -> (Site, axum::Router, Candidate) {
    let site = Site::new().await;
    sample::fill(&site, NOW).await;
    let mut state = site.state();
    state.clock = || NOW;
    let router = picket_web::router(state);
    let all = site.store.candidates().await.unwrap();
    let candidate = all.into_iter().find(|it| it.pr.0 == 412_350).unwrap();
    (site, router, candidate)
}

fn review(by: Option<&str>, state: ReviewState, of: &CommitSha) -> Review {
    Review {
        by: by.map(|by| Login::parse(by).unwrap()),
        state,
        of: Some(of.clone()),
        at: Some(NOW.plus_seconds(-7_200)),
    }
}

fn reception(candidate: &Candidate) -> Reception {
    let (head, other) = (&candidate.head, CommitSha::parse(OTHER).unwrap());
    let latest = vec![
        review(Some("maintainer"), ReviewState::Approved, head),
        review(Some("earlier"), ReviewState::Approved, &other),
        review(None, ReviewState::ChangesRequested, head),
        review(Some("odd"), ReviewState::Other("<b>".into()), head),
    ];
    Reception {
        head: head.clone(),
        read_at: NOW.plus_seconds(-300),
        reviews: Some(Reviews {
            latest,
            is_whole: true,
        }),
        merged_by: None,
        ci: Some(Ci {
            of: Some(head.clone()),
            state: CiState::Failing,
            failing: vec!["<script>alert(1)</script>".into()],
            is_whole: false,
        }),
    }
}

async fn store(site: &Site, of: &Candidate, reading: ReceptionReading) {
    let readings = [(of.pr, reading)];
    site.store.record_receptions(&readings).await.unwrap();
}

/// The card's text.
async fn card(client: &Client, pr: u64) -> String {
    let page = client.get(&format!("/candidates/{pr}")).await.body;
    let (_, card) = page.split_once("<h2 id=\"upstream\">").unwrap();
    let (card, _) = card.split_once("</section>").unwrap();
    let mut text = String::new();
    for part in card.split('<') {
        let words = part.split_once('>').map_or(part, |(_, words)| words).trim();
        if !words.is_empty() {
            text = text + words + "\n";
        }
    }
    text
}

async fn json(client: &Client, pr: u64) -> Value {
    let json = client.get(&format!("/api/v1/candidates/{pr}")).await.body;
    let json: Value = serde_json::from_str(&json).unwrap();
    json["candidates"][0]["upstream"].clone()
}

#[tokio::test]
async fn each_is_shown_with_the_head_that_it_is_of() {
    let (site, router, candidate) = site().await;
    let reading = ReceptionReading::read(&candidate, reception(&candidate), NOW);
    store(&site, &candidate, reading).await;
    let client = Client::new(&router);
    insta::assert_snapshot!(card(&client, 412_350).await, @r"
    Upstream
    read
    5 min ago
    CI fails
    of this head
    &#60;script&#62;alert(1)&#60;/script&#62;
    There are more checks than were read.
    odd
    Said &#60;b&#62; upstream
    2 h ago
    this head
    an account that is gone
    Asked for changes upstream
    2 h ago
    this head
    earlier
    Approved upstream
    2 h ago
    another head, 0123456789ab
    maintainer
    Approved upstream
    2 h ago
    this head
    What is said on GitHub. It is no decision of this team, and counts for none.
    ");
    let queue = client.get("/queue").await.body;
    let words = "<span>approved upstream by 1, upstream CI fails</span>";
    assert_eq!(queue.matches(words).count(), 1, "{queue}");
    let json = json(&client, 412_350).await;
    assert_eq!(json["unknown"], Value::Null);
    let read = &json["read"];
    assert_eq!(read["reviews"][1]["is_of_head"], false);
    assert_eq!(read["reviews"][2]["by"], Value::Null);
    assert_eq!(read["ci"]["state"], "failing");
    assert_eq!(read["at"], "2026-11-21T20:08:20Z");
}

#[tokio::test]
async fn an_approval_upstream_is_none_of_the_team() {
    let (site, router, candidate) = site().await;
    let client = Client::new(&router);
    let approvals = async || {
        let json = client.get("/api/v1/candidates/412350").await.body;
        let json: Value = serde_json::from_str(&json).unwrap();
        json["candidates"][0]["approvals"].clone()
    };
    let before = approvals().await;
    let mut reception = reception(&candidate);
    let latest =
        ["ada", "grace"].map(|by| review(Some(by), ReviewState::Approved, &candidate.head));
    reception.reviews = Some(Reviews {
        latest: latest.into(),
        is_whole: true,
    });
    store(
        &site,
        &candidate,
        ReceptionReading::read(&candidate, reception, NOW),
    )
    .await;
    assert_eq!(approvals().await, before);
    let queue = client.get("/queue").await.body;
    assert!(queue.contains("approved upstream by 2"), "{queue}");
}

#[tokio::test]
async fn what_is_of_another_head_is_shown_as_such() {
    let (site, router, candidate) = site().await;
    let other = Candidate {
        head: CommitSha::parse(OTHER).unwrap(),
        ..candidate.clone()
    };
    let reading = ReceptionReading::read(&candidate, reception(&other), NOW);
    store(&site, &candidate, reading).await;
    let client = Client::new(&router);
    let card = card(&client, 412_350).await;
    assert!(
        card.contains("Another head\nGitHub showed it at head\n0123456789ab\n"),
        "{card}"
    );
    assert!(
        card.contains("CI fails\nof another head, 0123456789ab\n"),
        "{card}"
    );
    let queue = client.get("/queue").await.body;
    assert!(!queue.contains("upstream CI fails"), "{queue}");
}

#[tokio::test]
async fn what_it_was_told_there_is_shown() {
    let (site, router, candidate) = site().await;
    let (client, member) = (
        Client::new(&router),
        Client::signed_in(&router, "ada").await,
    );
    let comment = async || json(&client, 412_350).await["comment"].clone();
    let mut record = CommentRecord::default();
    record.posting(NOW);
    let store = async |record: &CommentRecord| {
        let stored = site.store.record_comment(candidate.pr, record).await;
        stored.unwrap();
    };
    store(&record).await;
    assert_eq!(comment().await, Value::Null);

    let (id, text) = (CommentId(3_000_001), Sha256::of(b"text"));
    record.there(id, text, NOW.plus_seconds(-300));
    store(&record).await;
    let page = client.get("/candidates/412350").await.body;
    let url = format!("{}#issuecomment-3000001", candidate.url);
    let link =
        format!("<a href=\"{url}\" rel=\"noreferrer\">It was told there what became of it</a>");
    assert!(page.contains(&link), "{page}");
    assert_eq!(comment().await["url"], url);

    record.end(CommentEnd::Refused("422: <b>".into()), NOW);
    store(&record).await;
    let told = card(&client, 412_350).await;
    assert!(
        told.contains("Nothing more is written there: GitHub refuses it,"),
        "{told}"
    );
    let told = card(&member, 412_350).await;
    assert!(
        told.contains("GitHub refuses it: 422: &#60;b&#62;"),
        "{told}"
    );
    assert_eq!(comment().await["ended"], "refused");

    let metrics = client.get("/metrics").await.body;
    assert!(!metrics.contains("picket_github_comments{"), "it is off");
    site.board.lock().unwrap().set_comments(CommentTraffic {
        requests: 9,
        failures: 2,
        written: 3,
        ended: 1,
        waiting: 4,
    });
    let metrics = client.get("/metrics").await.body;
    for line in [
        "picket_github_comment_requests_total{outcome=\"answered\"} 7",
        "picket_github_comments{state=\"written\"} 3",
        "picket_github_comments{state=\"waiting\"} 4",
        "picket_github_comments{state=\"ended\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn what_is_not_known_is_named_with_the_reason() {
    let (site, router, candidate) = site().await;
    let (client, member) = (
        Client::new(&router),
        Client::signed_in(&router, "ada").await,
    );
    let unread = card(&client, 412_350).await;
    assert!(unread.contains("Not read yet."), "{unread}");
    assert_eq!(json(&client, 412_350).await["unknown"], "unread");

    let with_token = ReviewTraffic {
        has_token: true,
        ..ReviewTraffic::default()
    };
    site.board.lock().unwrap().set_reviews(with_token);
    site.board.lock().unwrap().failed(Trouble {
        lane: Lane::Reception,
        channel: None,
        step: "reading reviews and CI".into(),
        since: NOW,
        last: NOW,
        failures: 1,
        error: "no <answer>".into(),
        remedy: None,
        next_try: Some(NOW),
    });
    let failing = "Asking GitHub for it fails, and is tried again";
    assert!(
        card(&client, 412_350)
            .await
            .contains(&format!("{failing}.\n"))
    );
    let told = card(&member, 412_350).await;
    assert!(
        told.contains(&format!("{failing}: no &#60;answer&#62;\n")),
        "{told}"
    );

    let read = ReceptionReading::read(&candidate, reception(&candidate), NOW);
    let reason = "Could not resolve to a PullRequest".to_owned();
    let refused = ReceptionReading::refused(&candidate, Some(&read), reason, NOW);
    store(&site, &candidate, refused).await;
    let told = card(&client, 412_350).await;
    assert!(
        told.contains("GitHub did not show it when it was last asked.\n"),
        "{told}"
    );
    assert!(
        told.contains("CI fails"),
        "what was read before stays: {told}"
    );

    site.board
        .lock()
        .unwrap()
        .set_reviews(ReviewTraffic::default());
    let told = card(&client, 412_350).await;
    assert!(told.contains("this server has none."), "{told}");
    let metrics = client.get("/metrics").await.body;
    assert!(!metrics.contains("picket_github_review_requests_total{"));
    site.board.lock().unwrap().set_reviews(with_token);
    let metrics = client.get("/metrics").await.body;
    assert!(metrics.contains("picket_github_review_requests_total{outcome=\"failed\"} 0"));
}
