//! A mirror in a real S3 server.

use picket_bucket::{Depth, RECORD};

use crate::server::{Server, headers};
use crate::world::{Copied, World, is_whole, read_below};

const LARGE: usize = 20 << 20;

/// What the server has below a prefix.
fn content(server: &Server, prefix: &str) -> Copied {
    let root = server.file(prefix);
    let mut content = Copied::new();
    read_below(&root, &root, &mut content);
    content
}

#[tokio::test]
async fn a_bucket_is_brought_up_to_date_by_what_changed() {
    let (world, server) = (World::new(), Server::start().await);
    world.path("large", LARGE);
    let mirror = server.mirror(&world.public, "s3://picket/a/b");
    let first = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!(
        (first.written, first.moved.len(), first.stated.len()),
        (19, 1, 1)
    );
    let requests = server.take_requests();
    let parts = requests
        .iter()
        .filter(|it| it.contains("partNumber="))
        .count();
    assert_eq!(parts, 3, "{requests:#?}");
    let mut copied = content(&server, "a/b");
    is_whole(&copied);
    copied.remove(RECORD).unwrap();
    copied.retain(|key, _| !key.starts_with("channels/"));
    assert!(world.files() == copied);

    let second = mirror.update(Depth::Record).await.unwrap();
    assert!(second.is_nothing(), "{second:?}");
    assert_eq!(
        server.take_requests(),
        [format!("GET /picket/a/b/{RECORD}")]
    );
    mirror.update(Depth::Listing).await.unwrap();
    let requests = server.take_requests();
    assert!(
        requests.iter().all(|it| it.starts_with("GET ")),
        "{requests:#?}"
    );

    world.collect(1, &["a"]);
    world.publish(2, &["b", "c"]);
    let third = mirror.update(Depth::Record).await.unwrap();
    assert_eq!((third.written, third.removed), (14, 12));
    let copied = content(&server, "a/b");
    is_whole(&copied);
    assert!(
        !copied.keys().any(|key| key.contains("1000.1.")),
        "it is removed"
    );
}

/// What a web server before the bucket passes on is what Picket itself sends.
#[tokio::test]
async fn objects_have_the_headers_of_the_web_server() {
    let (world, server) = (World::new(), Server::start().await);
    let mirror = server.mirror(&world.public, "s3://picket");
    mirror.update(Depth::Listing).await.unwrap();
    let release = "releases/nixos-26.05-sec/nixos-26.05.1000.1.abcdef1";
    let nar = world
        .files()
        .into_keys()
        .find(|key| key.starts_with("cache/nar/"));
    let mut shown = String::new();
    for key in [
        "cache/nix-cache-info",
        &nar.unwrap(),
        &format!("{release}/nixexprs.tar.xz"),
        &format!("{release}/index.html"),
        "latest/nixos-26.05-sec/latest.json",
        "latest/nixos-26.05-sec/latest.json.sig",
        "channels/nixos-26.05-sec",
    ] {
        shown.push_str(&format!("{key}\n"));
        for (name, value) in headers(&server, key).await.unwrap() {
            shown.push_str(&format!("    {name}: {value}\n"));
        }
    }
    insta::assert_snapshot!(shown, @"
    cache/nix-cache-info
        cache-control: public, max-age=86400
        content-type: text/x-nix-cache-info
    cache/nar/01nmlj72cjacxg6314c8slpfny6d83h8vmnbmb5qxjz3xp9ns6wn.nar.zst
        cache-control: public, max-age=31536000, immutable
        content-type: application/x-nix-nar
    releases/nixos-26.05-sec/nixos-26.05.1000.1.abcdef1/nixexprs.tar.xz
        cache-control: public, max-age=31536000, immutable
        content-type: application/x-xz
    releases/nixos-26.05-sec/nixos-26.05.1000.1.abcdef1/index.html
        cache-control: public, max-age=31536000, immutable
        content-type: text/html; charset=utf-8
    latest/nixos-26.05-sec/latest.json
        cache-control: no-cache
        content-type: application/json
    latest/nixos-26.05-sec/latest.json.sig
        cache-control: no-cache
        content-type: text/plain; charset=utf-8
    channels/nixos-26.05-sec
        cache-control: no-cache
        content-type: application/json
        x-amz-meta-query: rev=0000000000000000000000000000000000000001&revCount=1000&lastModified=1785542400
        x-amz-meta-release: nixos-26.05.1000.1.abcdef1
    ");
}

/// A run that was killed while it wrote goes on, whatever the kill left.
#[tokio::test]
async fn a_run_that_is_killed_goes_on() {
    let (world, server) = (World::new(), Server::start().await);
    world.path("large", LARGE);
    let mut requests_before = 0;
    loop {
        let mirror = server.mirror(&world.public, "s3://picket");
        let mut run = Box::pin(mirror.update(Depth::Record));
        // Dropped at a later request each time.
        let is_done = tokio::select! {
            report = &mut run => {
                report.unwrap();
                true
            }
            () = server.after_requests(requests_before) => false,
        };
        drop(run);
        is_whole(&content(&server, ""));
        if is_done {
            break;
        }
        requests_before += 7;
    }
    assert!(requests_before > 14, "it was not killed");
    let copied = content(&server, "");
    assert!(world.files().keys().all(|key| copied.contains_key(key)));
}
