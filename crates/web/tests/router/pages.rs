//! The pages: what they show, and that nothing on them can act.

use std::io::Write;

use http::StatusCode;
use picket_domain::{Action, Advisory, JobPattern, PrNumber, Scope, Timestamp};
use picket_web::ROUTES;

use crate::common::client::{Answer, Client};
use crate::common::{Site, channel, sample};

async fn sample() -> (Site, axum::Router) {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let router = picket_web::router(site.state());
    (site, router)
}

/// The headings of a queue page, each with the numbers of the pull requests under it.
fn groups(page: &Answer) -> String {
    let sections = page.body.split("<section").skip(1);
    let lines = sections.map(|section| {
        let heading = section
            .split("<h2")
            .nth(1)
            .unwrap()
            .split('>')
            .nth(1)
            .unwrap();
        let heading = heading.split(" <").next().unwrap();
        let links = section.split("class=\"title\" href=\"/candidates/").skip(1);
        let numbers: Vec<_> = links.map(|link| link.split('?').next().unwrap()).collect();
        format!(
            "{}: {}",
            heading.trim_end_matches('<').trim(),
            numbers.join(" ")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_is_about_a_package_of_the_channels_scope_says_so() {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let mut state = site.state();
    state.channels[0].scope = Scope::new(vec![JobPattern::parse("nginx*").unwrap()]);
    let client = Client::new(&picket_web::router(state));
    let queue = client.get("/queue").await.body;
    let (_, nginx) = queue.split_once("/candidates/412350").unwrap();
    assert!(
        nginx.contains("title=\"This channel watches nginx\">In scope"),
        "{queue}"
    );
    assert_eq!(queue.matches("In scope").count(), 1, "{queue}");
    let page = client.get("/candidates/412350").await.body;
    assert!(
        page.contains("it is about nginx, which this channel watches"),
        "{page}"
    );
}

#[tokio::test]
async fn the_queue_shows_everybody_what_is_theirs_to_do() {
    let (_site, router) = sample().await;
    let grace = Client::signed_in(&router, "grace").await;
    insta::assert_snapshot!(groups(&grace.get("/queue").await), @r"
    Needs your decision: 412333 412377 412410 412415
    Waiting for others: 412350
    Approved and under way: 412344
    Set aside: 412360 412390 412401
    Released: 412301
    Nothing left to do: 412199 412288
    ");
    let ada = Client::signed_in(&router, "ada").await;
    insta::assert_snapshot!(groups(&ada.get("/queue?q=CVE-2026-40113").await), @"Needs your decision: 412350");
    insta::assert_snapshot!(groups(&ada.get("/queue?q=rsync").await), @"Waiting for others: 412410");
    let nobody = Client::new(&router);
    insta::assert_snapshot!(groups(&nobody.get("/queue?q=git").await), @"Waiting for approval: 412333");
    let nothing = nobody.get("/queue?q=%3Cscript%3E").await;
    assert!(
        nothing.body.contains("Nothing matches “&#60;script&#62;”"),
        "{}",
        nothing.body
    );
}

#[tokio::test]
async fn an_empty_site_says_what_to_do_next() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    assert!(
        client
            .get("/queue")
            .await
            .body
            .contains("No candidates yet")
    );
    let channel = client.get("/").await;
    assert!(channel.body.contains("No release yet"), "{}", channel.body);
    assert!(
        channel
            .body
            .contains("sudo nix-channel --add http://127.0.0.1:8080/nixos-26.05-sec nixos")
    );
    assert!(client.get("/audit-log").await.body.contains("Nothing yet"));
}

#[tokio::test]
async fn the_channel_page_shows_fixes_trouble_and_the_lead() {
    let (_site, router) = sample().await;
    let page = Client::new(&router)
        .get("/channels/nixos-26.05-sec")
        .await
        .body;
    for text in [
        "mastodon: 4.3.1",
        "approved by ada, grace",
        "breaks nixpkgs.libxml2, nixpkgs.xmlstarlet",
        "6 d 7 h earlier",
        "nixos-26.05.715880.12.",
        "sec.example-1:",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[tokio::test]
async fn the_candidate_page_shows_all_that_a_decision_needs() {
    let (_site, router) = sample().await;
    let edsger = Client::signed_in(&router, "edsger").await;
    let nginx = edsger.get("/candidates/412350").await.body;
    for text in [
        "1.28.1&#34;;",
        "nixos/tests/nginx-http3.nix",
        "1 of 2 approvals",
        "Approve head",
    ] {
        assert!(nginx.contains(text), "{text}\n{nginx}");
    }
    let git = edsger.get("/candidates/412333").await.body;
    assert!(git.contains("Out of date") && git.contains("approved the earlier head"));
    let curl = edsger.get("/candidates/412377").await.body;
    assert!(curl.contains("pkgs/by-name/cu/curl/package.nix") && curl.contains("both changed"));
    let libxml2 = edsger.get("/candidates/412401").await.body;
    assert!(libxml2.contains("Hunk #2 FAILED at 11860."));
    for text in [
        "test:libxslt.passthru.tests.nokogiri",
        "1 test that these packages name changes.",
        "300 of these packages: their tests were not looked at.",
    ] {
        assert!(libxml2.contains(text), "{text}\n{libxml2}");
    }
    assert!(libxml2.contains("2 of them fail"), "{libxml2}");
    let glibc = edsger.get("/candidates/412199").await.body;
    assert!(glibc.contains("nothing to decide") && glibc.contains("6 d 7 h ahead"));
}

#[tokio::test]
async fn hostile_text_stays_text() {
    const HOSTILE: &str =
        "</title></pre></textarea><script>alert(1)</script><img src=x onerror=alert(2)>\"'";
    let site = Site::new().await;
    let now = Timestamp::now();
    let mut candidate = sample::candidate(7, "curl: x", 3, now);
    candidate.title = HOSTILE.to_owned();
    candidate.body = HOSTILE.to_owned();
    candidate.labels = vec![HOSTILE.to_owned()];
    candidate.url = "javascript:alert(1)".to_owned();
    let details = candidate.details.as_mut().unwrap();
    details.commits[0].subject = HOSTILE.to_owned();
    details.commits[0].author = HOSTILE.to_owned();
    details.files[0].path = HOSTILE.to_owned();
    candidate.named = Advisory::find_all("CVE-2026-1234");
    site.store.upsert_candidate(&candidate).await.unwrap();
    let veto = Action::Veto {
        channel: channel(),
        pr: PrNumber(7),
        reason: HOSTILE.to_owned(),
    };
    sample::decide(&site, "ada", now, veto).await;
    let ada = Client::signed_in(&picket_web::router(site.state()), "ada").await;
    for path in [
        "/",
        "/queue",
        "/candidates/7",
        "/audit-log",
        "/login?next=%22%3E%3Cscript%3E",
    ] {
        let page = ada.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for bad in ["<script>alert", "<img src=x", "javascript:", "\"><script"] {
            assert!(!page.body.contains(bad), "{path} has {bad}");
        }
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_log_is_plain_text() {
    let (site, router) = sample().await;
    let rev = sample::sha("rev");
    let drv = sample::drv("libxml2-2.13.9");
    let dir = site.path().join("logs").join(rev.as_str());
    std::fs::create_dir_all(&dir).unwrap();
    let mut file = std::fs::File::create(dir.join(format!("{}.log", drv.base_name()))).unwrap();
    file.write_all(sample::LOG.as_bytes()).unwrap();
    let path = format!("/logs/{rev}/{}", drv.base_name());
    let answer = Client::new(&router).get(&path).await;
    assert_eq!(answer.body, sample::LOG);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn errors_are_pages_with_a_way_on() {
    let (_site, router) = sample().await;
    let client = Client::new(&router);
    for path in [
        "/candidates/1",
        "/channels/none",
        "/queue?channel=none",
        "/a/b/c/d",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.body.contains("<h1>Not found</h1>"),
            "{path}: {}",
            answer.body
        );
    }
    for path in ["/candidates/x", "/audit-log?before=x"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("the wrong form"), "{}", answer.body);
    }
}

#[tokio::test]
async fn static_assets_are_named_by_their_content() {
    let (_site, router) = sample().await;
    let client = Client::new(&router);
    let page = client.get("/").await.body;
    let assets: Vec<_> = page
        .split('"')
        .filter(|part| part.starts_with("/static/"))
        .collect();
    assert!(assets.len() >= 3);
    for asset in assets {
        let answer = client.get(asset).await;
        assert_eq!(answer.status, StatusCode::OK, "{asset}");
        assert!(answer.header("cache-control").contains("immutable"));
        let etag = answer.header("etag");
        let again = client.get_with(asset, &[("if-none-match", etag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    }
    assert_eq!(
        client.get("/static/picket-0.css").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_audit_log_goes_back_page_by_page() {
    let site = Site::new().await;
    for n in 0..60 {
        let reason = format!("reason {n}");
        let action = Action::Nominate {
            pr: PrNumber(n + 1),
            reason,
        };
        sample::decide(&site, "ada", Timestamp::now(), action).await;
    }
    let client = Client::new(&picket_web::router(site.state()));
    let newest = client.get("/audit-log").await.body;
    assert!(newest.contains("reason 59") && !newest.contains("reason 9<"));
    assert!(newest.contains("/audit-log?before=11"), "{newest}");
    let older = client.get("/audit-log?before=11").await.body;
    assert!(
        older.contains("reason 9<") && !older.contains("?before="),
        "{older}"
    );
}

/// Every route of the table is there, and every page works for somebody who is not signed in.
#[tokio::test]
async fn every_route_of_the_table_is_served() {
    let (_site, router) = sample().await;
    let client = Client::new(&router);
    for route in ROUTES {
        let path = route
            .path
            .replace("{pr}", "412350")
            .replace("{channel}", "nixos-26.05-sec");
        let path = path.replace(['{', '}'], "");
        let answer = match route.method {
            "GET" => client.get(&path).await,
            _ => client.post(&path, &[]).await,
        };
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(
            !answer.body.contains("There is nothing at this address"),
            "{path}"
        );
        assert!(
            !answer.status.is_server_error(),
            "{path}: {}",
            answer.status
        );
    }
    let paths: Vec<_> = ROUTES
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let mut unique = paths.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), paths.len());
}
