//! The binary cache, with Nix as its judge.

use std::fs;
use std::sync::Arc;
use std::thread;

use picket_domain::Sha256;
use picket_publisher::{CacheFile, PublicDir, PublishError, Upstream};
use picket_testkit::nix::{NixConf, NixStore};

use crate::world::{World, contents, key};

/// Another store for the same folder, which substitutes from these caches and builds nothing.
fn client(world: &World, caches: &[&str], keys: &[&str]) -> NixStore {
    let store = world.store.twin(&world.dir.path().join("client")).unwrap();
    let conf = NixConf::substituting(caches, keys).with("max-jobs", "0");
    store.configure(&conf).unwrap();
    store
}

fn file_url(dir: &std::path::Path) -> String {
    format!("file://{}", dir.display())
}

#[test]
fn nix_installs_a_delta_from_two_caches_and_verifies_it() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let published = publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    assert_eq!((published.paths.len(), published.new), (2, 2));

    let (ours, theirs) = (
        world.public().cache_dir(),
        world.dir.path().join("upstream"),
    );
    let secret = world.dir.path().join("upstream-key");
    key("upstream-1").write_file(&secret).unwrap();
    let copy_to = format!("{}?secret-key={}", file_url(&theirs), secret.display());
    let libc = world.path("libc").as_str();
    world
        .store
        .run("nix", ["copy", "--to", &copy_to, libc])
        .unwrap();

    let keys = ["ours-1", "upstream-1"].map(|name| key(name).public().to_string());
    let keys = [keys[0].as_str(), keys[1].as_str()];
    let client = client(&world, &[&file_url(&ours), &file_url(&theirs)], &keys);
    let app = world.path("app").as_str();
    client.run("nix-store", ["--realise", app]).unwrap();
    client.run("nix", ["store", "verify", "-r", app]).unwrap();
    let hash = |store: &NixStore| store.run("nix-store", ["-q", "--hash", app]).unwrap();
    assert_eq!(hash(&client), hash(&world.store));
    let lib = client.physical(world.path("lib").as_str().as_ref());
    assert_eq!(fs::read(lib.join("bin/tool")).unwrap(), b"#!/bin/sh\n");
}

#[test]
fn nix_takes_nothing_that_another_key_signed() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    publisher
        .publish_paths(&world.closure(), &Upstream::none())
        .unwrap();
    let other = key("other-1").public().to_string();
    let client = client(&world, &[&file_url(&world.public().cache_dir())], &[&other]);
    let realised = client.run("nix-store", ["--realise", world.path("app").as_str()]);
    assert!(realised.is_err(), "{realised:?}");
}

/// Uncompressed NARs hold all of Nix's knowledge of the format: compare each byte.
#[test]
fn a_nar_is_nixs_byte_for_byte() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let closure = world.closure();
    publisher
        .publish_paths(&closure, &Upstream::none())
        .unwrap();
    for info in closure {
        let narinfo = world
            .public()
            .cache_file(&CacheFile::narinfo_of(&info.path));
        let narinfo = fs::read_to_string(narinfo).unwrap();
        let url = narinfo
            .lines()
            .find_map(|line| line.strip_prefix("URL: "))
            .unwrap();
        let file = fs::read(world.public().cache_dir().join(url)).unwrap();
        let nar = zstd::decode_all(file.as_slice()).unwrap();
        let mut dump = world.store.command("nix-store");
        let dump = dump.args(["--dump", info.path.as_str()]).output().unwrap();
        assert!(nar == dump.stdout, "{}", info.path);
        assert_eq!(nar.len() as u64, info.nar_size);
    }
}

/// What `nix copy` writes for the same path, but for what compression makes of it.
#[test]
fn a_narinfo_says_what_nixs_own_says() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    publisher
        .publish_paths(&world.closure(), &Upstream::none())
        .unwrap();
    let secret = world.dir.path().join("key");
    key("ours-1").write_file(&secret).unwrap();
    let theirs = world.dir.path().join("theirs");
    let copy_to = format!(
        "{}?compression=zstd&secret-key={}",
        file_url(&theirs),
        secret.display()
    );
    world
        .store
        .run(
            "nix",
            ["copy", "--to", &copy_to, world.path("app").as_str()],
        )
        .unwrap();
    for path in world.outputs() {
        let name = CacheFile::narinfo_of(&path).to_string();
        let read = |dir: &std::path::Path| {
            let text = fs::read_to_string(dir.join(&name)).unwrap();
            let compressed = ["URL: ", "FileHash: ", "FileSize: "];
            let lines = text
                .lines()
                .filter(|line| !compressed.iter().any(|it| line.starts_with(it)));
            lines.map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(read(&world.public().cache_dir()), read(&theirs));
    }
}

#[test]
fn the_second_time_nothing_is_read_or_written() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let closure = world.closure();
    let first = publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap();
    let before = contents(world.public().root());
    world.store.wipe().unwrap();
    let second = publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap();
    assert_eq!((second.new, &second.paths), (0, &first.paths));
    assert_eq!(contents(world.public().root()), before);
}

#[test]
fn a_damaged_store_path_is_not_published() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let closure = world.closure();
    let file = world.path("lib").as_str().to_owned() + "/lib/lib.so";
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(&file, permissions).unwrap();
    // Longer than the whole NAR was, so that nothing that counts comes before the hash.
    fs::write(&file, "tampered with".repeat(100_000)).unwrap();
    match publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap_err()
    {
        PublishError::Corrupt { path, .. } => assert_eq!(path, *world.path("lib")),
        error => panic!("{error}"),
    }
    let narinfos = contents(&world.public().cache_dir());
    let mut narinfos = narinfos
        .keys()
        .filter(|it| it.extension().is_some_and(|it| it == "narinfo"));
    assert_eq!(
        narinfos.next(),
        None,
        "no narinfo before all NARs are there"
    );
}

#[test]
fn a_path_is_published_once() {
    let world = World::new();
    let publisher = world.publisher(&["ours-1"]);
    let mut closure = world.closure();
    let first = publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap();
    let before = contents(world.public().root());
    let app = closure
        .iter_mut()
        .find(|info| info.path == *world.path("app"))
        .unwrap();
    app.nar_hash = Sha256::of(b"another build");
    let again = publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap();
    assert_eq!(again.paths, first.paths, "clients have the first content");
    assert_eq!(contents(world.public().root()), before);

    let app = closure
        .iter_mut()
        .find(|info| info.path == *world.path("app"))
        .unwrap();
    app.references.pop().unwrap();
    match publisher
        .publish_paths(&closure, &world.upstream())
        .unwrap_err()
    {
        PublishError::NotReproducible { path, differs } => {
            assert_eq!((&path, differs), (world.path("app"), "content"));
        }
        error => panic!("{error}"),
    }
    assert_eq!(contents(world.public().root()), before);
}

#[test]
fn what_is_lost_is_written_again_and_a_new_key_signs_what_is_there() {
    let world = World::new();
    let publisher = world.publisher(&["old-1"]);
    publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    let before = contents(&world.public().cache_dir());
    let nars = world.public().cache_dir().join("nar");
    for nar in fs::read_dir(&nars).unwrap() {
        fs::remove_file(nar.unwrap().path()).unwrap();
    }
    publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    assert_eq!(contents(&world.public().cache_dir()), before);

    let both = world.publisher(&["old-1", "new-1"]);
    both.publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    let new_alone = world.publisher(&["new-1"]);
    new_alone
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    let narinfo = world
        .public()
        .cache_file(&CacheFile::narinfo_of(world.path("app")));
    let narinfo = fs::read_to_string(narinfo).unwrap();
    let signers: Vec<_> = narinfo
        .lines()
        .filter_map(|line| line.strip_prefix("Sig: "))
        .collect();
    assert!(
        signers[0].starts_with("new-1:") && signers[1].starts_with("old-1:"),
        "{signers:?}"
    );
}

#[test]
fn leftovers_of_a_killed_run_are_removed() {
    let world = World::new();
    let nars = world.public().cache_dir().join("nar");
    fs::create_dir_all(&nars).unwrap();
    fs::write(nars.join(".tmp-half"), "half a NAR").unwrap();
    fs::write(world.public().cache_dir().join(".tmp-narinfo"), "StorePa").unwrap();
    let publisher = world.publisher(&["ours-1"]);
    publisher
        .publish_paths(&world.closure(), &world.upstream())
        .unwrap();
    let left = contents(&world.public().cache_dir());
    let left: Vec<_> = left
        .keys()
        .filter(|it| it.to_string_lossy().contains(".tmp-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn publishers_that_meet_write_one_cache() {
    let world = Arc::new(World::new());
    let closure = Arc::new(world.closure());
    let publish = |public: PublicDir| {
        let (world, closure) = (Arc::clone(&world), Arc::clone(&closure));
        thread::spawn(move || {
            let publisher = world.publisher_into(public, &["ours-1"]);
            publisher
                .publish_paths(&closure, &Upstream::none())
                .unwrap()
        })
    };
    let together: Vec<_> = (0..4).map(|_| publish(world.public())).collect();
    let together: Vec<_> = together.into_iter().map(|it| it.join().unwrap()).collect();
    let alone = PublicDir::new(world.dir.path().join("alone"));
    let expected = publish(alone.clone()).join().unwrap();
    assert!(together.iter().all(|it| it.paths == expected.paths));
    assert_eq!(contents(world.public().root()), contents(alone.root()));
}
