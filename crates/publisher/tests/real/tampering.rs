//! Every kind of tampering with what is published is found, by `check` and by `verify`.

use std::fs;
use std::path::{Path, PathBuf};

use picket_publisher::{CacheFile, CheckError, verify};
use url::Url;

use crate::verify::served;
use crate::world::{NOW, World, channel, key, release};

/// Changes one byte in the middle of a file.
fn flip_byte(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

fn narinfo(world: &World, name: &str) -> PathBuf {
    world
        .public()
        .cache_file(&CacheFile::narinfo_of(world.path(name)))
}

fn nar(world: &World, name: &str) -> PathBuf {
    let text = fs::read_to_string(narinfo(world, name)).unwrap();
    let url = text
        .lines()
        .find_map(|line| line.strip_prefix("URL: "))
        .unwrap();
    world.public().cache_dir().join(url)
}

fn problems_of_check(world: &World) -> Vec<String> {
    match world
        .publisher(&["ours-1"])
        .check_revealed(&channel(), &release(1).name, NOW)
    {
        Ok(()) => Vec::new(),
        Err(CheckError::Incomplete(problems)) => vec![problems.to_string()],
        Err(error) => vec![error.to_string()],
    }
}

/// Tampers with one file, and expects both checks to say so.
async fn is_found(world: &World, url: &Url, file: &Path, tamper: impl FnOnce(&Path)) {
    let original = fs::read(file).unwrap();
    tamper(file);
    let from_check = problems_of_check(world);
    let report = verify(url, &[key("ours-1").public()]).await;
    fs::write(file, original).unwrap();
    assert!(
        !from_check.is_empty(),
        "check does not see {}",
        file.display()
    );
    assert!(!report.is_good(), "verify does not see {}", file.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_anywhere_is_found() {
    let (world, url) = served().await;
    let folder = world.public().release_dir(&channel(), &release(1).name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.extend([narinfo(&world, "app"), narinfo(&world, "lib")]);
    files.extend([nar(&world, "app"), nar(&world, "lib")]);
    assert_eq!(files.len(), 14);
    for file in files {
        is_found(&world, &url, &file, flip_byte).await;
    }
    assert!(problems_of_check(&world).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_file_is_found() {
    let (world, url) = served().await;
    for file in [narinfo(&world, "app"), nar(&world, "lib")] {
        is_found(&world, &url, &file, |file| fs::remove_file(file).unwrap()).await;
    }
}

/// A NAR that is whole in itself, under a narinfo that was made to fit: only the signature tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_narinfo_that_was_made_to_fit_is_found() {
    let (world, url) = served().await;
    let lib = narinfo(&world, "lib");
    let other = fs::read_to_string(narinfo(&world, "app")).unwrap();
    is_found(&world, &url, &lib, |file| {
        let text = fs::read_to_string(file).unwrap();
        let keep = ["StorePath", "References", "Sig"];
        let is_kept = |line: &&str| keep.iter().any(|it| line.starts_with(it));
        let kept = text.lines().filter(is_kept);
        let taken = other.lines().filter(|line| !is_kept(line));
        let lines: Vec<_> = kept.chain(taken).collect();
        fs::write(file, lines.join("\n") + "\n").unwrap();
    })
    .await;
}

/// The archives hold what they should, and yet are not those of the release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_of_another_release_is_found() {
    let (world, url) = served().await;
    let folder = world.public().release_dir(&channel(), &release(1).name);
    let publisher = world.publisher(&["ours-1"]);
    world.release(&publisher, &release(2));
    let other = world.public().release_dir(&channel(), &release(2).name);
    for name in ["release.json", "release.json.sig"] {
        fs::copy(other.join(name), folder.join(name)).unwrap();
    }
    let report = verify(&url, &[key("ours-1").public()]).await;
    let told = report
        .problems
        .iter()
        .any(|it| it.contains("holds the release"));
    assert!(told, "{:?}", report.problems);
    assert!(!problems_of_check(&world).is_empty());
}

/// The page shows the public key: whoever writes the folder may not have it show another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_and_sums_that_were_changed_together_are_found() {
    let (world, url) = served().await;
    let folder = world.public().release_dir(&channel(), &release(1).name);
    let [page, sums] = ["index.html", "SHA256SUMS"].map(|name| folder.join(name));
    let before = fs::read(&page).unwrap();
    let text = String::from_utf8(before.clone()).unwrap();
    let shown = key("ours-1").public().to_string();
    let changed = text.replace(&shown, &key("theirs-1").public().to_string());
    assert_ne!(changed, text);
    fs::write(&page, &changed).unwrap();
    let digest = |bytes: &[u8]| picket_domain::Sha256::of(bytes).to_string();
    let listed = fs::read_to_string(&sums).unwrap();
    let fitting = listed.replace(&digest(&before), &digest(changed.as_bytes()));
    assert_ne!(fitting, listed);
    fs::write(&sums, fitting).unwrap();
    let report = verify(&url, &[key("ours-1").public()]).await;
    for name in ["index.html", "SHA256SUMS"] {
        let told = report.problems.iter().any(|it| it.starts_with(name));
        assert!(told, "{name}: {:?}", report.problems);
    }
    assert!(!problems_of_check(&world).is_empty());
}
