//! Builds: what their page shows, their logs as they grow and as Nix asks for them, stopping them and
//! having them tried afresh.

use std::fs;
use std::process::Command;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use picket_builder::{BuildStep, BuildSteps, StepState};
use picket_domain::{
    Action, Attempt, BuildReport, CommitSha, FailureCause, JobName, JobOutcome, JobReport, Next,
    PackageSet, StorePath, Timestamp, resolve,
};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, policy, sample};

const DRV: &str = "00000000000000000000000000000000-libxml2-2.13.9.drv";

/// A site with a revision that is to be built.
async fn site() -> (Site, Router, CommitSha) {
    let site = Site::new().await;
    let now = Timestamp::now();
    sample::fill(&site, now).await;
    let facts = site.store.facts(&policy()).await.unwrap();
    let rev = match resolve(&facts, now).next {
        Next::Build(rev) => rev,
        other => panic!("{other:?}"),
    };
    let router = picket_web::router(site.state());
    (site, router, rev)
}

fn step(name: &str, state: StepState) -> BuildStep {
    let at = Timestamp::now().plus_seconds(-90);
    BuildStep {
        drv: StorePath::parse(&format!("/nix/store/{name}")).unwrap(),
        state,
        machine: "ssh-ng://<arm>".to_owned(),
        started: Some(at),
        ended: None,
    }
}

/// Writes what a builder leaves: the derivations, and a log that grows.
fn leave(site: &Site, rev: &CommitSha, log: &str) {
    let folder = site.path().join("logs").join(rev.as_str());
    fs::create_dir_all(&folder).unwrap();
    let steps = BuildSteps {
        steps: vec![step(DRV, StepState::Building)],
        is_running: false,
    };
    let json = serde_json::to_vec(&steps).unwrap();
    fs::write(folder.join("builds.json"), json).unwrap();
    fs::write(folder.join(format!("{DRV}.log.part")), log).unwrap();
}

/// Ends the log that grows.
fn finish(site: &Site, rev: &CommitSha, log: &str) {
    let folder = site.path().join("logs").join(rev.as_str());
    let packed = zstd::encode_all(log.as_bytes(), 3).unwrap();
    fs::write(folder.join(format!("{DRV}.log.zst")), packed).unwrap();
    fs::remove_file(folder.join(format!("{DRV}.log.part"))).unwrap();
}

#[tokio::test]
async fn a_builds_page_shows_what_each_derivation_does_and_how_its_log_ends() {
    let (site, router, rev) = site().await;
    leave(&site, &rev, "compiling\n<script>alert(1)</script>\n");
    let page = Client::new(&router)
        .get(&format!("/channels/{CHANNEL}/builds/{rev}"))
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    for text in [
        "About to be built",
        "libxml2-2.13.9",
        "1 building",
        "ssh-ng://&#60;arm&#62;",
        "1 min",
        "compiling\n&#60;script&#62;",
        &format!("data-stream=\"/logs/{rev}/{DRV}/stream?from=36\""),
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(
        !page.body.contains("Stop this build"),
        "that is for the team"
    );
    let policy = page.header("content-security-policy");
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    let nowhere = format!("/channels/{CHANNEL}/builds/{}", "f".repeat(40));
    let nowhere = Client::new(&router).get(&nowhere).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_log_is_sent_as_it_grows_up_to_its_end() {
    let (site, router, rev) = site().await;
    leave(&site, &rev, "one\ntwo\nhal");
    let url = format!("/logs/{rev}/{DRV}/stream?from=4");
    let request = Request::get(&url).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut body = answer.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "id: 8\ndata: two\n\n");
    finish(&site, &rev, "one\ntwo\nhalf\n");
    let rest = body.collect().await.unwrap().to_bytes();
    let rest = String::from_utf8(rest.to_vec()).unwrap();
    assert_eq!(rest, "id: 13\ndata: half\n\nevent: end\ndata: over\n\n");

    // A browser that lost the connection says how far it came.
    let client = Client::new(&router);
    let again = client.get_with(&url, &[("last-event-id", "8")]).await;
    assert!(
        again.body.starts_with("id: 13\ndata: half\n\n"),
        "{}",
        again.body
    );
}

#[tokio::test]
async fn only_so_many_logs_are_watched_at_a_time() {
    let (site, router, rev) = site().await;
    leave(&site, &rev, "one\n");
    let url = format!("/logs/{rev}/{DRV}/stream");
    let request = || Request::get(&url).body(Body::empty()).unwrap();
    let mut open = Vec::new();
    for _ in 0..100 {
        let answer = router.clone().oneshot(request()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        open.push(answer);
    }
    let one_more = router.clone().oneshot(request()).await.unwrap();
    assert_eq!(one_more.status(), StatusCode::SERVICE_UNAVAILABLE);
    open.pop();
    let answer = router.clone().oneshot(request()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "one went away");
}

#[tokio::test]
async fn nix_log_finds_a_log_in_the_cache() {
    let (site, router, rev) = site().await;
    leave(&site, &rev, "one\n");
    let log = "compiling\nall is well\n";
    finish(&site, &rev, log);
    let cache = site.path().join("public/cache");
    fs::create_dir_all(&cache).unwrap();
    let store = site.path().join("nix/store");
    fs::write(
        cache.join("nix-cache-info"),
        format!(
            "StoreDir: {}\nWantMassQuery: 1\nPriority: 40\n",
            store.display()
        ),
    )
    .unwrap();
    // An output, whose narinfo names the derivation.
    let output = "11111111111111111111111111111111";
    let narinfo = format!(
        "StorePath: {}/{output}-libxml2-2.13.9\nURL: nar/x.nar\nCompression: none\n\
         NarHash: sha256:{}\nNarSize: 120\nReferences: \nDeriver: {DRV}\n",
        store.display(),
        "0".repeat(52)
    );
    fs::write(cache.join(format!("{output}.narinfo")), narinfo).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let dir = site.path().join("nix");
    let nix = tokio::task::spawn_blocking(move || {
        let mut nix = Command::new("nix");
        nix.env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", dir.join("home"))
            .env("NIX_STORE_DIR", dir.join("store"))
            .env("NIX_STATE_DIR", dir.join("state"))
            .env("NIX_CONF_DIR", dir.join("etc"))
            .args(["--extra-experimental-features", "nix-command", "log"])
            .args(["--option", "substituters", ""])
            .args(["--store", &format!("http://{address}/cache")])
            .arg(dir.join("store").join(format!("{output}-libxml2-2.13.9")));
        nix.output().unwrap()
    });
    let nix = nix.await.unwrap();
    let said = String::from_utf8_lossy(&nix.stderr);
    assert!(nix.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&nix.stdout), log);
}

#[tokio::test]
async fn stopping_a_build_and_trying_it_afresh_are_decisions_of_the_team() {
    let (site, router, rev) = site().await;
    let page = format!("/channels/{CHANNEL}/builds/{rev}");
    let (cancel, retry) = (format!("{page}/cancel"), format!("{page}/retry"));
    let nobody = Client::new(&router).post(&cancel, &[("reason", "x")]).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let ada = Client::signed_in(&router, "ada").await;
    let forged = ada.post(&cancel, &[("reason", "x"), ("csrf", "y")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);

    let done = ada
        .send_form(&page, &cancel, &[("reason", "a mass rebuild")])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(done.header("location"), page);
    let shown = ada.get(&page).await.body;
    assert!(shown.contains("ada stopped it"), "{shown}");
    assert!(!shown.contains("Stop this build"), "{shown}");
    let done = ada.send_form(&page, &retry, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    // Once more, from a page that was loaded before, says nothing new.
    ada.submit(&retry, &[]).await;

    let log = site.store.log_of_channel(&policy().channel).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .filter_map(|entry| match &entry.action {
            Action::CancelBuild { rev, reason, .. } => {
                Some(format!("{} stopped {}: {reason}", entry.actor, rev.short()))
            }
            Action::RetryBuild { rev, .. } => {
                Some(format!("{} had {} built afresh", entry.actor, rev.short()))
            }
            _ => None,
        })
        .collect();
    let short = rev.short();
    assert_eq!(
        told,
        [
            format!("ada stopped {short}: a mass rebuild"),
            format!("ada had {short} built afresh"),
        ]
    );
    let audit_log = ada.get("/audit-log").await.body;
    assert!(audit_log.contains("stopped the build of"), "{audit_log}");
}

/// Records that a revision has a job that no machine builds.
async fn lacks_a_machine(site: &Site, rev: &CommitSha) {
    let drv = StorePath::parse(&format!("/nix/store/{DRV}")).unwrap();
    let outcome = JobOutcome::Failed {
        drv: drv.clone(),
        failed: drv,
        cause: FailureCause::NoMachine,
        log_tail: String::new(),
        fails_at_base: false,
    };
    let job = JobName::parse("libxml2.aarch64-linux").unwrap();
    let report = BuildReport::Evaluated {
        jobs: 1,
        changed: vec![JobReport { job, outcome }],
        aggregates: Vec::new(),
        packages: PackageSet::default(),
    };
    let at = Timestamp::now().plus_seconds(-60);
    let attempt = Attempt { at, report };
    let facts = site.store.facts(&policy()).await.unwrap();
    let base = &facts.base().unwrap().rev;
    let recorded = site
        .store
        .record_attempt(&policy().channel, base, rev, &attempt)
        .await;
    recorded.unwrap();
}

#[tokio::test]
async fn what_no_machine_builds_is_waived_for_a_time_and_the_channel_says_so() {
    let (site, router, rev) = site().await;
    lacks_a_machine(&site, &rev).await;
    let build = format!("/channels/{CHANNEL}/builds/{rev}");
    let (waive, end) = (
        format!("/channels/{CHANNEL}/waivers"),
        format!("/channels/{CHANNEL}/waivers/end"),
    );
    let form = |jobs, days| [("jobs", jobs), ("days", days), ("reason", "moved")];
    let nobody = Client::new(&router);
    assert!(!nobody.get(&build).await.body.contains("Waive these jobs"));
    let refused = nobody.post(&waive, &form("*.aarch64-linux", "7")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let ada = Client::signed_in(&router, "ada").await;
    let page = ada.get(&build).await.body;
    assert!(page.contains("No machine builds it") && page.contains("libxml2.aarch64-linux</"));
    for (jobs, days) in [
        ("*", "7"),
        ("", "7"),
        ("a b\u{7}", "7"),
        ("a", "31"),
        ("a", "0"),
    ] {
        let refused = ada.send_form(&build, &waive, &form(jobs, days)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{jobs} {days}");
    }
    let done = ada
        .send_form(&build, &waive, &form("*.aarch64-linux", "7"))
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = nobody.get(&build).await.body;
    assert!(
        page.contains("without one job, which the team waived"),
        "{page}"
    );
    let channel = nobody.get(&format!("/channels/{CHANNEL}")).await.body;
    for text in [
        "Not built, because the team said so",
        "<p>Missing: <code class=\"break\">libxml2.aarch64-linux</code>",
        "<code class=\"break\">*.aarch64-linux</code>, ends <time",
        "<strong>ada</strong> <span class=\"soft break\">moved</span>",
    ] {
        assert!(channel.contains(text), "{text}: {channel}");
    }
    let ended = [("reason", "it is back")];
    let page = format!("/channels/{CHANNEL}");
    let done = ada.send_form(&page, &end, &ended).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let channel = nobody.get(&page).await.body;
    assert!(
        !channel.contains("*.aarch64-linux</code>, ends"),
        "{channel}"
    );
    assert!(
        channel.contains("<p>Missing:"),
        "what was built stays: {channel}"
    );
}
