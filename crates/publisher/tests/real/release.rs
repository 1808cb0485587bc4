//! Release folders, with the programs that clients use as their judges.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use picket_domain::ReleaseName;
use picket_publisher::{
    CacheSettings, PublicDir, PublishError, PublishedPaths, Publisher, ReleaseFile, StagedPlace,
    UpstreamCache, immutable_link,
};
use url::Url;

use crate::world::{NOW, World, channel, contents, key, release};

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tar_xz_zstd_and_sha256sum_agree() {
    let world = World::new();
    let release = release(1);
    world.release(&world.publisher(&["k"]), &release);
    let dir = world.public().release_dir(&channel(), &release.name);
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let from_xz = run(
        "tar",
        &["--list", "--xz", "--file", &file("nixexprs.tar.xz")],
    );
    let from_zst = run(
        "tar",
        &["--list", "--zstd", "--file", &file("nixexprs.tar.zst")],
    );
    assert_eq!(from_xz, from_zst);
    let top = format!("{}/", release.channel);
    assert!(
        from_xz.lines().all(|line| line.starts_with(&top)),
        "{from_xz}"
    );
    run("xz", &["--test", &file("nixexprs.tar.xz")]);
    run("zstd", &["--test", "--quiet", &file("nixexprs.tar.zst")]);
    let sums = format!(
        "cd '{}' && sha256sum --check --strict SHA256SUMS",
        dir.display()
    );
    assert_eq!(
        run("sh", &["-c", &sums]).lines().count(),
        ReleaseFile::SIGNED.len() - 1
    );
    let paths = run("xz", &["--decompress", "--stdout", &file("store-paths.xz")]);
    assert_eq!(paths.lines().count(), 3);

    let unpacked = world.dir.path().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    run(
        "tar",
        &[
            "--extract",
            "--directory",
            unpacked.to_str().unwrap(),
            "--file",
            &file("nixexprs.tar.xz"),
        ],
    );
    let unpacked = unpacked.join(release.channel.as_str());
    let read = |name: &str| fs::read_to_string(unpacked.join(name)).unwrap();
    assert_eq!(read(".git-revision"), release.rev.as_str());
    assert_eq!(
        read(".version-suffix"),
        format!(".715880.1.{}", release.rev.short())
    );
    assert_eq!(read("nixpkgs/nixpkgs/.version"), "26.05");
    assert_eq!(read(&format!("lib/n{}", "a".repeat(200))), "long");
}

#[test]
fn nix_fetches_and_evaluates_both_archives() {
    let world = World::new();
    let release = release(1);
    world.release(&world.publisher(&["k"]), &release);
    for file in [ReleaseFile::NixexprsXz, ReleaseFile::NixexprsZst] {
        let path = world.public().release_file(&channel(), &release.name, file);
        let expression = format!(
            "(import (builtins.fetchTarball \"file://{}\")).version",
            path.display()
        );
        let version = world
            .store
            .run("nix-instantiate", ["--eval", "-E", &expression])
            .unwrap();
        let expected = format!("\"{}\"", release.name.as_str().replace("nixos-", ""));
        assert_eq!(version, expected, "{}", file.file_name());
    }
}

/// What flakes' locks hold, and `fetchTarball` is given.
#[test]
fn the_manifest_has_the_hash_that_nix_locks() {
    let world = World::new();
    let (tree, release) = (world.tree(), release(1));
    fs::write(tree.join("lib/run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("lib/run"), PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("./lib//run", tree.join("untidy")).unwrap();
    let manifest = world.release(&world.publisher(&["k"]), &release);
    let expected = manifest.tree.unwrap().sri();
    for file in [ReleaseFile::NixexprsXz, ReleaseFile::NixexprsZst] {
        let path = world.public().release_file(&channel(), &release.name, file);
        let url = format!("file://{}", path.display());
        let locked =
            format!("(builtins.fetchTree {{ type = \"tarball\"; url = \"{url}\"; }}).narHash");
        let locked = world
            .store
            .run("nix-instantiate", ["--eval", "-E", &locked])
            .unwrap();
        assert_eq!(locked, format!("\"{expected}\""), "{}", file.file_name());
        let fetched =
            format!("builtins.fetchTarball {{ url = \"{url}\"; sha256 = \"{expected}\"; }}");
        world
            .store
            .run("nix-instantiate", ["--eval", "-E", &fetched])
            .unwrap();
    }
}

/// Whoever knows official releases by their names finds the base.
#[tokio::test]
async fn the_base_has_its_official_name_where_upstreams_list_is_of_it() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let (ours, theirs) = (release(1), "nixos-26.05.715999.0123456789ab".to_owned());
    let of_base = format!("nixos-26.05.715880.{}", ours.base.rev.short());
    let cache = Url::from_directory_path(world.dir.path().join("their-cache")).unwrap();
    for (seq, folder, named) in [(1, &of_base, true), (2, &theirs, false)] {
        let folder = world.dir.path().join(folder);
        fs::create_dir(&folder).unwrap();
        let list = folder.join("store-paths.xz");
        fs::write(&list, xz(&format!("{}\n", world.path("libc")))).unwrap();
        let upstream = UpstreamCache {
            url: cache.clone(),
            store_paths: Some(Url::from_file_path(list).unwrap()),
        };
        let closure = world.closure();
        let upstream = publisher.upstream(&upstream, &closure, NOW).await.unwrap();
        let published = publisher.publish_paths(&closure, &upstream).unwrap();
        let staged = world.try_stage(&publisher, &release(seq), &published, "http://a/cache");
        let base = staged.unwrap().manifest.base.release;
        let expected = named.then_some(of_base.as_str());
        assert_eq!(base.as_ref().map(ReleaseName::as_str), expected);
    }
}

fn xz(text: &str) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_release_is_the_same_wherever_and_whenever_it_is_written() {
    let world = World::new();
    let release = release(1);
    let published = PublishedPaths::default();
    let written = [1, 2, 5].map(|threads| {
        let public = PublicDir::new(world.dir.path().join(format!("public-{threads}")));
        let settings = CacheSettings {
            threads: NonZeroUsize::new(threads).unwrap(),
            ..CacheSettings::default()
        };
        let publisher = Publisher::new(public, vec![key("k")], settings).unwrap();
        world
            .try_stage(&publisher, &release, &published, "http://cache")
            .unwrap();
        publisher.reveal(&channel(), &release.name).unwrap();
        contents(&publisher.dir().release_dir(&channel(), &release.name))
    });
    assert_eq!(written[0].len(), ReleaseFile::ALL.len());
    assert!(written[0] == written[1] && written[1] == written[2]);
}

#[test]
fn writing_a_release_again_changes_nothing() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    let manifest = world.release(&publisher, &release);
    let before = contents(world.public().root());
    // The tree is not read again.
    fs::remove_dir_all(world.tree().join("lib")).unwrap();
    assert_eq!(world.release(&publisher, &release), manifest);
    // What upstream has by now has no say in what was written.
    let published = PublishedPaths::default();
    let again = world.try_stage(&publisher, &release, &published, "http://127.0.0.1/cache");
    let again = again.unwrap();
    assert_eq!(
        (again.manifest, again.place),
        (manifest, StagedPlace::Revealed)
    );
    assert_eq!(contents(world.public().root()), before);
}

#[test]
fn a_release_that_clients_have_seen_does_not_change() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    world.release(&publisher, &release);
    let published = PublishedPaths::default();
    let moved = |url| world.try_stage(&publisher, &release, &published, url);
    let staged = moved("http://elsewhere/").unwrap();
    assert_eq!(staged.place, StagedPlace::Hidden);
    let url = staged.manifest.binary_cache_url;
    assert_eq!(url.as_str(), "http://elsewhere/");
    publisher.reveal(&channel(), &release.name).unwrap();
    let manifest = world.public().manifest(&channel(), &release.name).unwrap();
    assert_eq!(manifest.unwrap().binary_cache_url, url);

    publisher.flip(&channel(), &release.name).unwrap();
    let before = contents(world.public().root());
    match moved("http://nowhere/").unwrap_err() {
        PublishError::ReleaseExists { differs, .. } => assert_eq!(differs, "binary cache"),
        error => panic!("{error}"),
    }
    assert_eq!(contents(world.public().root()), before);
}

#[test]
fn a_folder_that_is_not_whole_is_written_again() {
    let world = World::new();
    let (publisher, release) = (world.publisher(&["k"]), release(1));
    world.release(&publisher, &release);
    let before = contents(world.public().root());
    let dir = world.public().release_dir(&channel(), &release.name);
    for damage in ["nixexprs.tar.zst", "release.json", "SHA256SUMS"] {
        fs::remove_file(dir.join(damage)).unwrap();
        fs::create_dir_all(dir.parent().unwrap().join(".tmp-half/x")).unwrap();
        world.release(&publisher, &release);
        assert!(contents(world.public().root()) == before, "{damage}");
        publisher
            .check_revealed(&channel(), &release.name, NOW)
            .unwrap();
    }
}

#[test]
fn the_pointer_goes_forward_only_and_to_whole_releases_only() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let [one, two, three] = [1, 2, 3].map(release);
    for release in [&one, &two] {
        world.release(&publisher, release);
        publisher
            .check_revealed(&channel(), &release.name, NOW)
            .unwrap();
        publisher.flip(&channel(), &release.name).unwrap();
        publisher.flip(&channel(), &release.name).unwrap();
        assert_eq!(
            world.public().current(&channel()).unwrap().as_ref(),
            Some(&release.name)
        );
    }
    let pointer = world
        .public()
        .root()
        .join("channels")
        .join(channel().as_str());
    let revision = fs::read_to_string(pointer.join("git-revision")).unwrap();
    assert_eq!(revision, two.rev.as_str());

    let back = publisher.flip(&channel(), &one.name).unwrap_err();
    assert!(matches!(back, PublishError::Backwards { .. }), "{back}");
    let nowhere = publisher.flip(&channel(), &three.name).unwrap_err();
    assert!(
        matches!(nowhere, PublishError::Incomplete { .. }),
        "{nowhere}"
    );
    world.release(&publisher, &three);
    fs::remove_file(
        world
            .public()
            .release_file(&channel(), &three.name, ReleaseFile::Index),
    )
    .unwrap();
    let half = publisher.flip(&channel(), &three.name).unwrap_err();
    assert!(half.to_string().contains("index.html is missing"), "{half}");
    assert_eq!(
        world.public().current(&channel()).unwrap(),
        Some(two.name.clone())
    );
    assert_eq!(world.public().releases(&channel()).unwrap().len(), 3);
}

#[test]
fn a_flake_is_locked_by_the_link_header() {
    let world = World::new();
    let release = release(1);
    let manifest = world.release(&world.publisher(&["k"]), &release);
    let base = Url::parse("https://picket.example.org/").unwrap();
    insta::assert_snapshot!(
        immutable_link(&base, &manifest.head(), ReleaseFile::NixexprsZst),
        @r#"<https://picket.example.org/releases/nixos-26.05-sec/nixos-26.05.715880.1.44080d18f93d/nixexprs.tar.zst?rev=44080d18f93dfb1c0cc4f249deebfcd340f99a9c&revCount=715880&lastModified=1785542400>; rel="immutable""#
    );
}

#[test]
fn the_page_escapes_what_others_wrote() {
    let world = World::new();
    let release = release(1);
    world.release(&world.publisher(&["k"]), &release);
    let page = world
        .public()
        .release_file(&channel(), &release.name, ReleaseFile::Index);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("openssl: &lt;b&gt;3.0.15&lt;/b&gt; <strong>CVE-2026-1234</strong>"));
    assert!(page.contains("conflicts in a &amp; b"));
}
