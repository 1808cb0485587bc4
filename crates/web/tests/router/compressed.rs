//! What is sent compressed, and to whom.

use http::StatusCode;
use picket_domain::{ReleaseName, ReleaseSeq, Timestamp};

use crate::common::client::Client;
use crate::common::{CHANNEL, Site, public, sample};

const ACCEPTS: [(&str, &str); 1] = [("accept-encoding", "gzip")];

#[tokio::test]
async fn pages_are_compressed_for_strangers_and_not_beside_a_forms_secret() {
    let site = Site::new().await;
    sample::fill(&site, Timestamp::now()).await;
    let name = ReleaseName::parse("nixos-26.05.715880.99.abc1234").unwrap();
    public::publish(&site.public(), &name, ReleaseSeq(99));
    let router = picket_web::router(site.state());
    let (nobody, ada) = (
        Client::new(&router),
        Client::signed_in(&router, "ada").await,
    );
    for path in [
        "/queue",
        "/metrics",
        &*format!("/api/v1/channels/{CHANNEL}"),
    ] {
        let plain = nobody.get(path).await;
        assert!(plain.headers.get("content-encoding").is_none(), "{path}");
        let packed = nobody.send("GET", path, &ACCEPTS, String::new()).await;
        assert_eq!(packed.status, StatusCode::OK);
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert!(packed.header("vary").contains("accept-encoding"), "{path}");
        assert_ne!(packed.body, plain.body, "{path}");
        let members = ada.send("GET", path, &ACCEPTS, String::new()).await;
        assert!(members.headers.get("content-encoding").is_none(), "{path}");
    }
    // What is signed is sent as it is.
    let manifest = format!("/releases/{CHANNEL}/{name}/release.json");
    for path in [&*manifest] {
        let file = nobody.send("GET", path, &ACCEPTS, String::new()).await;
        assert_eq!(file.status, StatusCode::OK, "{path}");
        assert!(file.headers.get("content-encoding").is_none(), "{path}");
    }
}
