//! The statement of which release is the current one: as clients get it, and in the metrics.

use http::StatusCode;
use picket_domain::{ReleaseName, ReleaseSeq, Timestamp};
use picket_publisher::LatestFile;

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, channel, public, sample};

const RELEASE: &str = "nixos-26.05.715880.12.abc1234";
const MADE: Timestamp = Timestamp::from_unix(1_785_600_000);

fn state(site: &Site) {
    let name = ReleaseName::parse(RELEASE).unwrap();
    public::state(&site.public(), &name, ReleaseSeq(12), MADE);
}

#[tokio::test]
async fn it_is_answered_itself_and_asked_for_each_time() {
    let site = Site::new().await;
    let name = ReleaseName::parse(RELEASE).unwrap();
    public::publish(&site.public(), &name, ReleaseSeq(12));
    state(&site);
    let client = Client::new(&picket_web::router(site.state()));
    for (file, content_type) in [
        ("latest.json", "application/json"),
        ("latest.json.sig", "text/plain; charset=utf-8"),
    ] {
        let path = format!("/{CHANNEL}/{file}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert!(answer.headers.get("link").is_none());
        assert!(answer.headers.get("content-encoding").is_none());
        let kept = LatestFile::parse(file).unwrap();
        let kept = site.public().latest_file(&channel(), kept);
        assert_eq!(answer.body, std::fs::read_to_string(kept).unwrap());
        let etag = answer.header("etag").to_owned();
        let again = client.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(client.head(&path).await.status, StatusCode::OK);
        assert_eq!(
            client.get(&format!("{path}?x=1")).await.status,
            StatusCode::OK
        );
        // It is no file of a release, nor of a channel that is not configured.
        for elsewhere in [
            format!("/releases/{CHANNEL}/{RELEASE}"),
            "/other".to_owned(),
        ] {
            let answer = client.get(&format!("{elsewhere}/{file}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{elsewhere}");
        }
    }
}

#[tokio::test]
async fn what_is_not_stated_is_not_there_for_a_moment() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    for file in LatestFile::ALL {
        let answer = client
            .get(&format!("/{CHANNEL}/{}", file.file_name()))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.header("cache-control"), "public, max-age=1");
    }
}

#[tokio::test]
async fn the_metrics_tell_when_it_expires() {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let expires = async |clock: fn() -> Timestamp| {
        let mut app = site.state();
        app.clock = clock;
        let page = Client::new(&picket_web::router(app))
            .get("/metrics")
            .await
            .body;
        let name = "picket_latest_expires_seconds{channel=\"nixos-26.05-sec\"} ";
        let value = page.lines().find_map(|line| line.strip_prefix(name));
        value.map(str::to_owned)
    };
    let hour = || MADE.plus_seconds(3_600);
    assert_eq!(
        expires(hour).await.as_deref(),
        Some("0"),
        "nothing is stated"
    );
    state(&site);
    assert_eq!(expires(hour).await.as_deref(), Some("255600"));
    let late = || MADE.plus_seconds(80 * 3_600);
    assert_eq!(expires(late).await.as_deref(), Some("-28800"));
    let statement = site.public().latest_file(&channel(), LatestFile::Statement);
    std::fs::write(statement, "{").unwrap();
    assert_eq!(
        expires(hour).await.as_deref(),
        Some("0"),
        "nobody can read it"
    );
}
