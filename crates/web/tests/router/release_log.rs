//! The release log: its files as clients get them, and the line on the channel's page.

use std::fs;

use http::StatusCode;
use picket_domain::Timestamp;
use picket_publisher::{LatestFile, LogFile, LoggedAs, Origin};

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, channel, policy, public, sample};

fn put(site: &Site, path: &str, content: &[u8]) {
    let file = site.public().log_file(LogFile::parse(path).unwrap());
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

#[tokio::test]
async fn tiles_are_kept_for_ever_and_the_checkpoint_is_asked_for_each_time() {
    const FOR_EVER: &str = "public, max-age=31536000, immutable";
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    let text = "text/plain; charset=utf-8";
    let bytes = "application/octet-stream";
    for (path, content_type, cache_control) in [
        ("checkpoint", text, "no-cache"),
        ("tile/0/000.p/3", bytes, FOR_EVER),
        ("tile/0/x001/000", bytes, FOR_EVER),
        ("tile/entries/000", bytes, FOR_EVER),
    ] {
        let address = format!("/release-log/{path}");
        let absent = client.get(&address).await;
        assert_eq!(absent.status, StatusCode::NOT_FOUND);
        assert_eq!(absent.header("cache-control"), "public, max-age=1");
        put(&site, path, path.as_bytes());
        let answer = client.get(&address).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.body, path);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("cache-control"), cache_control);
        assert!(answer.headers.get("content-encoding").is_none());
        let etag = answer.header("etag").to_owned();
        let again = client.get_with(&address, &[("if-none-match", &etag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
    }
    let record = site.public().root().join("release-log/.entries");
    fs::write(record, "not served").unwrap();
    for path in [
        ".entries",
        "tile/.entries",
        "tile/0/000/../000",
        "tile/0",
        "",
    ] {
        let answer = client.get(&format!("/release-log/{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_channels_page_says_which_entry_its_release_is() {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let page = async || {
        let client = Client::new(&picket_web::router(site.state()));
        client.get(&format!("/channels/{CHANNEL}")).await.body
    };
    let facts = site.store.facts(&policy()).await.unwrap();
    let current = facts.current_release().unwrap();
    public::state(&site.public(), &current.name, current.seq, Timestamp::now());
    assert!(!page().await.contains("release log"));
    let mut latest = site.public().latest(&channel()).unwrap().unwrap();
    latest.release_log = Some(LoggedAs {
        origin: Origin::parse("sec.example/release-log").unwrap(),
        index: 41,
    });
    let statement = site.public().latest_file(&channel(), LatestFile::Statement);
    fs::write(&statement, latest.to_bytes()).unwrap();
    let said = "entered in the <a href=\"/release-log/checkpoint\">release log</a> as number 41<";
    let shown = page().await;
    assert!(shown.contains(said), "{shown}");
    // Before it is stated anew, it is about the release before.
    latest.release = "nixos-26.05.1.1.abc".parse().unwrap();
    fs::write(&statement, latest.to_bytes()).unwrap();
    assert!(!page().await.contains("release log"));
}
