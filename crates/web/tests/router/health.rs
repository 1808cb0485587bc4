//! Whether the service is well, for monitoring and on pages.

use http::StatusCode;
use picket_domain::{Base, Hold, Lane, LaneKey, Timestamp, Trouble};
use serde_json::Value;

use crate::common::client::Client;
use crate::common::{Site, channel, sample};

const START: Timestamp = Timestamp::from_unix(1_780_000_000);

/// The server looks at a clock that stands still here.
fn router(site: &Site) -> axum::Router {
    let mut state = site.state();
    state.clock = || START.plus_seconds(120);
    picket_web::router(state)
}

fn trouble((lane, channel): &LaneKey, step: &str, next_try: Option<Timestamp>) -> Trouble {
    Trouble {
        lane: *lane,
        channel: channel.clone(),
        step: step.to_owned(),
        since: START,
        last: START.plus_seconds(100),
        failures: 3,
        error: "cannot write /srv/<b>: no space left".to_owned(),
        remedy: Some("Make room on <the disk>.".to_owned()),
        next_try,
    }
}

async fn health(client: &Client) -> (StatusCode, Value) {
    let answer = client.get("/healthz").await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn without_a_lane_or_the_database_it_is_not_well() {
    let site = Site::new().await;
    let client = Client::new(&router(&site));
    let (status, json) = health(&client).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json["reconciler_age_seconds"], Value::Null);
    let lane = site.lane(Lane::Release, START);
    assert_eq!(health(&client).await.0, StatusCode::OK);
    let too_long_ago = START.plus_seconds(-481);
    site.board.lock().unwrap().sign_of_life(&lane, too_long_ago);
    let (status, json) = health(&client).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json["reconciler"], false);
    site.board.lock().unwrap().sign_of_life(&lane, START);
    site.store.close().await;
    let (status, json) = health(&client).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (&json["ok"], &json["database"]),
        (&false.into(), &false.into())
    );
}

#[tokio::test]
async fn lanes_holds_and_troubles_are_told_without_what_is_inside() {
    let site = Site::new().await;
    let client = Client::new(&router(&site));
    let lane = site.lane(Lane::Release, START);
    let passing = trouble(&lane, "staging release 2", Some(START.plus_seconds(180)));
    {
        let mut board = site.board.lock().unwrap();
        board.restarted(&lane, START);
        board.works_at(&lane, "publishing release 1", START.plus_seconds(60));
        board.failed(passing);
        board.set_mirror("s3://picket/nixos", |mirror| {
            mirror.current_at = Some(START.plus_seconds(100));
            mirror.failures = 2;
        });
    }
    // It has not failed for long, and is tried again.
    let (status, json) = health(&client).await;
    assert_eq!(status, StatusCode::OK);
    insta::assert_snapshot!("healthz", sorted(&json));

    let base = |seen: i64| Base {
        seen_at: START.plus_seconds(seen),
        ..sample::base(START)
    };
    let hold = Hold::BaseWentBack {
        released: base(0),
        now: base(50),
    };
    site.board.lock().unwrap().set_holds(&channel(), vec![hold]);
    let (status, json) = health(&client).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json["holds"].as_array().unwrap().len(), 1);
    insta::assert_snapshot!("healthz_holds", sorted(&json["holds"][0]));
}

#[tokio::test]
async fn only_so_many_troubles_are_told() {
    let site = Site::new().await;
    let router = router(&site);
    let lane = site.lane(Lane::Release, START);
    for n in 0..25 {
        let step = format!("staging release {n}");
        let trouble = trouble(&lane, &step, Some(START));
        site.board.lock().unwrap().failed(trouble);
    }
    let client = Client::new(&router);
    let (_, json) = health(&client).await;
    assert_eq!(json["troubles"].as_array().unwrap().len(), 20);
    let page = client.get("/queue").await.body;
    assert_eq!(page.matches("<strong>Failing</strong>").count(), 20);
    assert!(page.contains("5 more fail."), "{page}");
}

/// The notices of a page, a line each.
fn notices(page: &str) -> String {
    let notices = page.split("<div class=\"notice").skip(1);
    let texts = notices.map(|notice| {
        let notice = notice.split("</div>").next().unwrap();
        let pieces = notice.split('<').map(|piece| match piece.split_once('>') {
            Some((_, text)) => text,
            None => "",
        });
        let words: Vec<_> = notice_words(pieces);
        words.join(" ")
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn notice_words<'a>(pieces: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    pieces.flat_map(str::split_whitespace).collect()
}

#[tokio::test]
async fn pages_tell_what_fails_since_when_and_what_to_do() {
    let site = Site::new().await;
    let now = START.plus_seconds(120);
    sample::fill(&site, now).await;
    let router = router(&site);
    let release = site.lane(Lane::Release, now);
    let assess = site.lane(Lane::Assess, now);
    let observe = (Lane::Observe, None);
    for trouble in [
        trouble(
            &release,
            "staging release <b>13</b>",
            Some(now.plus_seconds(60)),
        ),
        trouble(&assess, "assessing #412350", None),
        trouble(&observe, "fetching branches", Some(now.plus_seconds(60))),
    ] {
        site.board.lock().unwrap().failed(trouble);
    }
    let (nobody, ada) = (
        Client::new(&router),
        Client::signed_in(&router, "ada").await,
    );
    insta::assert_snapshot!("notices_of_a_channel", notices(&nobody.get("/").await.body));
    let about_it = nobody.get("/candidates/412350").await.body;
    insta::assert_snapshot!("notices_of_a_candidate", notices(&about_it));
    let about_another = nobody.get("/candidates/412344").await.body;
    assert!(
        !about_another.contains("assessing #412350"),
        "{about_another}"
    );
    let queue = ada.get("/queue").await.body;
    assert!(queue.contains("cannot write /srv/&#60;b&#62;: no space left"));
    assert!(!about_it.contains("cannot write"), "{about_it}");
    let long = format!("assessing {}", "x".repeat(5_000));
    let long = trouble(&release, &long, None);
    site.board.lock().unwrap().failed(long);
    assert!(!nobody.get("/").await.body.contains(&"x".repeat(1_000)));
}

/// The keys of a JSON object in their alphabetical order, one a line.
fn sorted(json: &Value) -> String {
    let keys: std::collections::BTreeMap<_, _> = json.as_object().unwrap().iter().collect();
    let lines = keys.iter().map(|(key, value)| match value.as_array() {
        None => format!("{key}: {value}"),
        Some(items) => {
            let items = items
                .iter()
                .map(|item| format!("\n  {}", sorted(item).replace('\n', ", ")));
            format!("{key}:{}", items.collect::<String>())
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
