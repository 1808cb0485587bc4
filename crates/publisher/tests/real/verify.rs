//! `verify`, over HTTP and in a folder.

use std::fs;

use picket_domain::{Sha256, Timestamp};
use picket_publisher::{ReleaseFile, verify};
use url::Url;

use crate::latest::state;
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
    state(&publisher, Timestamp::now());
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
    assert_eq!(report.store_paths, 3);
    assert!(report.bytes > 1000);
    assert_eq!(report.notes, Vec::<String>::new());
    let stated = report.latest.unwrap();
    assert_eq!(
        (stated.release, stated.seq),
        (release(1).name, release(1).seq)
    );

    let root = world.public().root().to_owned();
    let local = Url::from_file_path(root.join(channel().as_str())).unwrap();
    let report = verify(&local, &keys).await;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(report.store_paths, 3);
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

/// What lies beside the release's files is nobody's word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_the_manifest_does_not_list_is_named() {
    let (world, _) = served().await;
    let root = world.public().root().to_owned();
    let folder = world.public().release_dir(&channel(), &release(1).name);
    fs::write(folder.join("install.sh"), "curl | sh").unwrap();
    let local = Url::from_file_path(root.join(channel().as_str())).unwrap();
    let report = verify(&local, &[key("ours-1").public()]).await;
    assert!(report.is_good(), "{:?}", report.problems);
    let [note] = report.notes.as_slice() else {
        panic!("{:?}", report.notes);
    };
    assert!(note.contains("install.sh"), "{note}");
}

/// A release as it was before the manifest listed the page and the sums.
fn as_before(world: &World) {
    let folder = world.public().release_dir(&channel(), &release(1).name);
    let mut manifest = world
        .public()
        .manifest(&channel(), &release(1).name)
        .unwrap()
        .unwrap();
    manifest.files.remove("index.html");
    manifest.files.remove("SHA256SUMS");
    let bytes = manifest.to_bytes();
    fs::write(folder.join("release.json"), &bytes).unwrap();
    let signature = format!("{}\n", key("ours-1").sign(&bytes));
    fs::write(folder.join("release.json.sig"), signature).unwrap();
    let others = ReleaseFile::ALL
        .into_iter()
        .filter(|it| *it != ReleaseFile::Sha256Sums);
    let line = |file: ReleaseFile| {
        let content = fs::read(folder.join(file.file_name())).unwrap();
        format!("{}  {}\n", Sha256::of(&content), file.file_name())
    };
    let sums: String = others.map(line).collect();
    fs::write(folder.join("SHA256SUMS"), sums).unwrap();
    state(&world.publisher(&["ours-1"]), Timestamp::now());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_of_before_is_verified_as_before_and_says_what_is_not_covered() {
    let (world, url) = served().await;
    as_before(&world);
    let keys = [key("ours-1").public()];
    let report = verify(&url, &keys).await;
    assert!(report.is_good(), "{:?}", report.problems);
    assert_eq!(report.files, ReleaseFile::ALL.len() as u64);
    let notes = report.notes.join("\n");
    assert!(
        notes.contains("index.html") && notes.contains("SHA256SUMS"),
        "{notes}"
    );
    let page = world
        .public()
        .release_file(&channel(), &release(1).name, ReleaseFile::Index);
    fs::write(page, "another page").unwrap();
    let report = verify(&url, &keys).await;
    assert_eq!(
        report.problems,
        ["SHA256SUMS has another hash of index.html"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_unpacked_is_told_with_what_to_do() {
    let (world, url) = served().await;
    let archive =
        world
            .public()
            .release_file(&channel(), &release(1).name, ReleaseFile::NixexprsXz);
    let mut content = fs::read(&archive).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(archive, content).unwrap();
    let report = verify(&url, &[key("ours-1").public()]).await;
    let [other, damaged] = report.problems.as_slice() else {
        panic!("{:?}", report.problems);
    };
    assert!(
        other.starts_with("nixexprs.tar.xz is not the file"),
        "{other}"
    );
    assert!(
        damaged.starts_with("nixexprs.tar.xz cannot be unpacked (lzma data error): "),
        "{damaged}"
    );
    for problem in [other, damaged] {
        assert!(problem.ends_with("tell who runs the channel"), "{problem}");
    }
}
