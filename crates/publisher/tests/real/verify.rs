//! `verify`, over HTTP and in a folder.

use picket_publisher::{ReleaseFile, verify};
use url::Url;

use crate::server::{listen, serve};
use crate::world::{NOW, World, channel, key, release};

/// A world whose first release is the channel's current one, and that is served.
pub(crate) async fn served() -> (World, Url) {
    let listener = listen().await;
    let base = format!("http://{}", listener.local_addr().unwrap());
    let world = tokio::task::spawn_blocking({
        let cache = format!("{base}/cache");
        move || published(&cache)
    });
    let world = world.await.unwrap();
    serve(listener, world.public()).await;
    (world, Url::parse(&format!("{base}/{}", channel())).unwrap())
}

fn published(cache: &str) -> World {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["ours-1"]), release(1));
    let paths = publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    world
        .try_stage(&publisher, &release, &paths, cache)
        .unwrap();
    publisher
        .check_staged(&channel(), &release.name, NOW)
        .unwrap();
    publisher.reveal(&channel(), &release.name).unwrap();
    publisher.flip(&channel(), &release.name).unwrap();
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_channel_is_good() {
    let (world, url) = served().await;
    let keys = [key("ours-1").public()];
    let report = verify(&url, &keys).await;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(report.release, Some(release(1).name));
    assert_eq!(report.files, ReleaseFile::ALL.len() as u64);
    assert_eq!(report.store_paths, 2);
    assert!(report.bytes > 1000);

    let root = world.public().root().to_owned();
    let local = Url::from_file_path(root.join(channel().as_str())).unwrap();
    let report = verify(&local, &keys).await;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(report.store_paths, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_release_can_be_verified_too() {
    let (_world, url) = served().await;
    let release = format!("/releases/{}/{}", channel(), release(1).name);
    let report = verify(&url.join(&release).unwrap(), &[key("ours-1").public()]).await;
    assert!(report.is_good(), "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_that_flakes_use_can_be_verified_too() {
    let (_world, url) = served().await;
    let archive = format!("/{}/nixexprs.tar.xz", channel());
    let report = verify(&url.join(&archive).unwrap(), &[key("ours-1").public()]).await;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(report.release, Some(release(1).name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_key_vouches_for_nothing() {
    let (_world, url) = served().await;
    let report = verify(&url, &[key("other-1").public()]).await;
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert!(report.problems[0].starts_with("release.json is not signed by other-1"));
    assert_eq!(report.release, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_reached_is_a_problem_that_names_the_address() {
    let gone = listen().await.local_addr().unwrap();
    let url = Url::parse(&format!("http://{gone}/some-channel")).unwrap();
    let report = verify(&url, &[key("ours-1").public()]).await;
    assert_eq!(report.problems.len(), 1);
    assert!(
        report.problems[0].starts_with(url.as_str()),
        "{:?}",
        report.problems
    );
}
