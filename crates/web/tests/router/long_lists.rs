//! Pages of a channel with more candidates than fit on one.

use std::collections::BTreeSet;

use picket_domain::{Action, PrNumber, Timestamp};

use crate::common::client::Client;
use crate::common::{Site, channel, sample};

const CANDIDATES: u64 = 300;
const VETOED: u64 = 100;

/// Candidates that wait for a decision, and some that were vetoed.
async fn site() -> Site {
    let (site, now) = (Site::new().await, Timestamp::now());
    for pr in 1..=CANDIDATES {
        let candidate = sample::candidate(pr, "curl: fix a & b", pr as i64, now);
        site.store.upsert_candidate(&candidate).await.unwrap();
    }
    for pr in 1..=VETOED {
        let veto = Action::Veto {
            channel: channel(),
            pr: PrNumber(pr),
            reason: "not this way".into(),
        };
        sample::decide(&site, "ada", now, veto).await;
    }
    site
}

/// The pull requests that a page lists.
fn listed(page: &str) -> Vec<u64> {
    let links = page.split("class=\"title\" href=\"/candidates/").skip(1);
    let number = |link: &str| link.split('?').next().unwrap().parse().unwrap();
    links.map(number).collect()
}

/// Where the link with this text leads.
fn link(page: &str, text: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{text}</a>"))?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn the_queue_shows_the_first_of_each_group_and_leads_to_all() {
    let site = site().await;
    let router = picket_web::router(site.state());
    let client = Client::signed_in(&router, "grace").await;
    let first = client.get("/queue?q=a+%26+b").await.body;
    assert!(first.len() < 100_000, "{} bytes", first.len());
    let prs = listed(&first);
    assert!(
        prs.contains(&VETOED) && prs.contains(&CANDIDATES),
        "{prs:?}"
    );

    let mut next = link(&first, &format!("All {}", CANDIDATES - VETOED));
    assert!(next.as_ref().unwrap().contains("q=a+%26+b"), "{next:?}");
    let mut seen = BTreeSet::new();
    while let Some(address) = next {
        let page = client.get(&address).await.body;
        assert!(page.len() < 100_000, "{} bytes", page.len());
        for pr in listed(&page) {
            assert!(seen.insert(pr), "{pr} is on two pages");
        }
        next = link(&page, "Next page");
    }
    assert!(seen.into_iter().eq(VETOED + 1..=CANDIDATES));
}

#[tokio::test]
async fn a_page_of_the_queue_that_there_is_not_is_the_last_one() {
    let site = site().await;
    let client = Client::new(&picket_web::router(site.state()));
    let last = client.get("/queue?group=set-aside&page=99").await.body;
    assert_eq!(listed(&last).len(), 20);
    assert!(link(&last, "Next page").is_none());
    let before = link(&last, "Page before").unwrap();
    assert_eq!(listed(&client.get(&before).await.body).len(), 80);
    let none = client.get("/queue?group=none").await.body;
    assert_eq!(listed(&none), [0; 0]);
}

#[tokio::test]
async fn the_channel_page_shows_the_newest_that_was_set_aside() {
    let site = site().await;
    let client = Client::new(&picket_web::router(site.state()));
    let page = client.get("/").await.body;
    // A pull request's number is how many hours ago it was opened.
    assert!(listed(&page).into_iter().eq(1..=25), "{:?}", listed(&page));
    let all = link(&page, "All of them, in the queue").unwrap();
    assert_eq!(listed(&client.get(&all).await.body).len(), 80);
}
