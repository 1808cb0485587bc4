//! What Nix clients get, header by header.

use http::StatusCode;
use picket_domain::{ReleaseName, ReleaseSeq};

use crate::common::client::Client;
use crate::common::{BASE_URL, CHANNEL, Site, public};

const RELEASE: &str = "nixos-26.05.715880.12.abc1234";

async fn site() -> (Site, Client) {
    let site = Site::new().await;
    let name = ReleaseName::parse(RELEASE).unwrap();
    public::publish(&site.public(), &name, ReleaseSeq(12));
    let client = Client::new(&picket_web::router(site.state()));
    (site, client)
}

fn folder() -> String {
    format!("/releases/{CHANNEL}/{RELEASE}")
}

#[tokio::test]
async fn a_channel_redirects_to_its_release_folder_which_answers() {
    let (_site, client) = site().await;
    for path in [
        "/nixos-26.05-sec",
        "/nixos-26.05-sec/",
        "/nixos-26.05-sec?x=1",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{path}");
        assert_eq!(answer.header("location"), format!("{BASE_URL}{}", folder()));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(client.head(path).await.status, StatusCode::FOUND);
    }
    for path in [folder(), folder() + "/"] {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"),
            "{policy}"
        );
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
}

#[tokio::test]
async fn a_tarballs_redirect_carries_the_link_that_flakes_lock_to() {
    let (_site, client) = site().await;
    for file in ["nixexprs.tar.xz", "nixexprs.tar.zst"] {
        let answer = client.get(&format!("/{CHANNEL}/{file}")).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        assert_eq!(
            answer.header("location"),
            format!("{BASE_URL}{}/{file}", folder())
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        let rev = crate::common::sample::sha(RELEASE);
        let link = format!(
            "<{BASE_URL}{}/{file}?rev={rev}&revCount=715880&lastModified=1785542400>; \
             rel=\"immutable\"",
            folder()
        );
        assert_eq!(answer.header("link"), link);
        let immutable = link.trim_start_matches(&format!("<{BASE_URL}"));
        let immutable = immutable.split('>').next().unwrap();
        assert_eq!(
            client.get(immutable).await.body,
            format!("content of {file}")
        );
    }
    let other = client.get(&format!("/{CHANNEL}/git-revision")).await;
    assert_eq!(other.status, StatusCode::FOUND);
    assert!(other.headers.get("link").is_none());
}

#[tokio::test]
async fn the_pointer_decides_what_clients_get() {
    let (site, client) = site().await;
    let next = ReleaseName::parse("nixos-26.05.715880.13.def5678").unwrap();
    public::publish(&site.public(), &next, ReleaseSeq(13));
    let answer = client.get("/nixos-26.05-sec/nixexprs.tar.xz").await;
    assert!(answer.header("location").contains(next.as_str()));
    assert!(answer.header("link").contains(next.as_str()));
    assert_eq!(client.get(&folder()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_channel_without_release_says_so() {
    let site = Site::new().await;
    let client = Client::new(&picket_web::router(site.state()));
    for path in ["/nixos-26.05-sec", "/nixos-26.05-sec/nixexprs.tar.xz"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=1");
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer.body, @"nixos-26.05-sec has no release yet. The first one comes with the first approved fix; see http://127.0.0.1:8080/channels/nixos-26.05-sec for where things stand.");
        }
    }
}

#[tokio::test]
async fn the_cache_answers_as_nix_expects() {
    let (site, client) = site().await;
    let [narinfo, nar] = public::cache(&site.public());
    for (path, content_type, cache_control) in [
        (
            "/cache/nix-cache-info",
            "text/x-nix-cache-info",
            "public, max-age=86400",
        ),
        (
            narinfo.as_str(),
            "text/x-nix-narinfo",
            "public, max-age=86400",
        ),
        (
            nar.as_str(),
            "application/x-nix-nar",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let answer = client
            .get_with(path, &[("accept-encoding", "zstd, gzip, br")])
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("cache-control"), cache_control);
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert!(answer.headers.get("content-encoding").is_none());
        assert_eq!(
            client.get(&format!("{path}?anything=1")).await.status,
            StatusCode::OK
        );
    }
    let missing = client
        .get("/cache/11bgd045z0d4icpbc2yyz4gx48ak44la.narinfo")
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert_eq!(missing.header("cache-control"), "public, max-age=1");
}

#[tokio::test]
async fn the_caches_own_address_speaks_of_the_cache() {
    let (_site, client) = site().await;
    for path in ["/cache", "/cache/"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("a binary cache"), "{}", answer.body);
        assert!(answer.body.contains("/cache/nix-cache-info\n"));
    }
}

#[tokio::test]
async fn files_have_conditions_ranges_and_heads() {
    let (site, client) = site().await;
    let [_, nar] = public::cache(&site.public());
    let whole = client.get(&nar).await;
    let etag = whole.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 2, "{etag}");
    let same = client.get_with(&nar, &[("if-none-match", &etag)]).await;
    assert_eq!(
        (same.status, same.body.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    assert_eq!(same.header("etag"), etag);
    let part = client.get_with(&nar, &[("range", "bytes=4-")]).await;
    assert_eq!(
        (part.status, part.body.as_str()),
        (StatusCode::PARTIAL_CONTENT, "456789")
    );
    assert_eq!(part.header("content-range"), "bytes 4-9/10");
    let beyond = client.get_with(&nar, &[("range", "bytes=10-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let head = client.head(&nar).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(head.header("content-length"), "10");
    assert_eq!(head.header("etag"), etag);
}

#[tokio::test]
async fn no_path_leads_out_of_the_public_folder() {
    let (site, client) = site().await;
    public::cache(&site.public());
    std::fs::write(site.path().join("secret.key"), "secret").unwrap();
    let names = [
        "../../../secret.key",
        "..%2f..%2f..%2fsecret.key",
        "%2e%2e/%2e%2e/secret.key",
        "....//secret.key",
        "%00",
        ".",
        "..",
        "nar",
        "nar/",
        "%2fetc%2fpasswd",
    ];
    for name in names {
        for folder in [
            "/cache".to_owned(),
            "/cache/nar".to_owned(),
            folder(),
            format!("/{CHANNEL}"),
        ] {
            let answer = client.get(&format!("{folder}/{name}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{folder}/{name}");
            assert!(!answer.body.contains("secret"), "{folder}/{name}");
        }
        let logs = client
            .get(&format!("/logs/{}/{name}", "a".repeat(40)))
            .await;
        assert_eq!(logs.status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn a_tag_is_of_the_bytes_and_not_of_when_they_were_written() {
    let (mut tags, mut sites) = (Vec::new(), Vec::new());
    for written in [1_000_000_000, 1_700_000_000] {
        let (site, client) = site().await;
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(written);
        let [narinfo, _] = public::cache(&site.public());
        let paths = [narinfo, format!("{}/git-revision", folder())];
        for path in paths {
            let on_disk = site.public().root().join(path.trim_start_matches('/'));
            let file = std::fs::File::options()
                .append(true)
                .open(&on_disk)
                .unwrap();
            file.set_modified(time).unwrap();
            let answer = client.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            tags.push(answer.header("etag").to_owned());
            let several = client.get_with(&path, &[("range", "bytes=0-1,3-4")]).await;
            assert_eq!(
                (several.status, several.body),
                (StatusCode::OK, answer.body)
            );
        }
        sites.push(site);
    }
    assert_eq!(tags[..2], tags[2..]);
    assert_ne!(tags[0], tags[1]);
}
