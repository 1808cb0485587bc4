//! What candidates change, as pages and scripts are told.

use picket_domain::{
    BuildingTime, Certainty, FailingPackage, Impact, ImpactOutcome, ImpactedPackage, Listed,
    PrNumber, Timestamp,
};

use crate::common::client::Client;
use crate::common::{Site, channel, policy, sample};

const NGINX: u64 = 412_350;

fn package(attribute: &str, old: Option<&str>, new: Option<&str>) -> ImpactedPackage {
    ImpactedPackage {
        attribute: attribute.into(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
    }
}

fn listed<T>(of: Vec<T>) -> Listed<T> {
    Listed::of(of.into_iter())
}

fn impact(derivations: u64) -> Impact {
    let rebuilt = (0..150).map(|n| package(&format!("rebuilt{n}"), Some("1"), Some("1")));
    let changed = [package("nginx", Some("1.28.0"), Some("1.28.1"))];
    Impact {
        certainty: Certainty::Estimate,
        changed: listed(changed.into_iter().chain(rebuilt).collect()),
        added: listed(vec![package("nginxQuic", None, Some("1.28.1"))]),
        removed: Listed::default(),
        newly_failing: listed(vec![FailingPackage {
            attribute: "<script>".into(),
            old: Some("2".into()),
            message: "error: attribute 'x' missing & more".into(),
        }]),
        newly_working: Listed::default(),
        derivations,
        building: Some(BuildingTime {
            seconds: 250,
            unseen: 2,
        }),
        unknown: vec!["12 attributes were not evaluated".into()],
        millis: 1_260,
    }
}

async fn site(outcome: &ImpactOutcome) -> (Site, axum::Router) {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let facts = site.store.facts(&policy()).await.unwrap();
    let input = facts.input(&facts.candidates[&PrNumber(NGINX)]);
    let base = &facts.base().unwrap().rev;
    let recorded = site
        .store
        .record_impact(&channel(), base, &input, outcome)
        .await;
    recorded.unwrap();
    let router = picket_web::router(site.state());
    (site, router)
}

/// A page's section, as text.
fn section(page: &str, id: &str) -> String {
    let from = page.split(&format!("aria-labelledby=\"{id}\"")).nth(1);
    let section = from.unwrap().split("</section>").next().unwrap();
    let mut text = String::new();
    let mut is_tag = true;
    for c in section.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_page_says_what_a_pick_changes_and_what_is_not_known() {
    let (_site, router) = site(&ImpactOutcome::Known(Box::new(impact(153)))).await;
    let client = Client::new(&router);
    let page = client.get(&format!("/candidates/{NGINX}")).await.body;
    insta::assert_snapshot!("candidate", section(&page, "impact"));
    let queue = client.get("/queue").await.body;
    assert!(
        queue.contains("at least 152 packages, 153 builds, 1 lost"),
        "{queue}"
    );
    let json = client
        .get(&format!("/api/v1/candidates/{NGINX}"))
        .await
        .body;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["candidates"][0]["impact"]["derivations"], 153);
}

#[tokio::test]
async fn a_mass_rebuild_is_called_one() {
    let (_site, router) = site(&ImpactOutcome::Known(Box::new(impact(14_000)))).await;
    let client = Client::new(&router);
    let queue = client.get("/queue").await.body;
    assert!(queue.contains("mass rebuild: 14,000 builds"), "{queue}");
    let page = client.get(&format!("/candidates/{NGINX}")).await.body;
    assert!(page.contains("More is rebuilt than this channel builds"));
}

#[tokio::test]
async fn a_tree_that_does_not_evaluate_is_shown_in_nixs_words() {
    let reason = "error: <b>infinite recursion</b>".to_owned();
    let (_site, router) = site(&ImpactOutcome::Unknown { reason }).await;
    let client = Client::new(&router);
    let page = client.get(&format!("/candidates/{NGINX}")).await.body;
    let section = section(&page, "impact");
    assert!(
        section.contains("&#60;b&#62;infinite recursion"),
        "{section}"
    );
    let queue = client.get("/queue").await.body;
    assert!(queue.contains("does not evaluate"), "{queue}");
}
