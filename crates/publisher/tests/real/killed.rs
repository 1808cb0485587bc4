//! A publisher that is killed again and again.
//!
//! The child is this test program itself, so that it can really be killed with SIGKILL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use picket_domain::PathInfo;
use picket_publisher::{
    CacheFile, CacheSettings, LatestFile, LogFile, PublicDir, Publisher, Signature, Upstream,
};

use crate::latest::state;
use crate::release_log::origin;
use crate::world::{NOW, World, channel, key, release};

const JOB: &str = "PICKET_TEST_PUBLISH";
const STEPS: u32 = 12;

fn publish(publisher: &Publisher, world_dir: &Path, closure: &[PathInfo]) {
    let published = publisher.publish_paths(closure, &Upstream::none()).unwrap();
    let release = release(1);
    World::stage_release(
        publisher,
        &release,
        &published,
        &world_dir.join("tree"),
        &[],
        "http://cache",
    )
    .unwrap();
    publisher
        .check_staged(&channel(), &release.name, NOW)
        .unwrap();
    publisher.reveal(&channel(), &release.name).unwrap();
    publisher.flip(&channel(), &release.name).unwrap();
    state(publisher, NOW);
}

fn publisher(world_dir: &Path) -> Publisher {
    let store_dir = world_dir.join("nix/store").canonicalize().unwrap();
    let settings = CacheSettings {
        store_dir: store_dir.to_str().unwrap().to_owned(),
        ..CacheSettings::default()
    };
    let public = PublicDir::new(world_dir.join("public"));
    let publisher = Publisher::new(public, vec![key("k")], settings).unwrap();
    publisher.with_release_log(origin())
}

/// What the parent starts; on its own it has nothing to do.
#[test]
#[ignore = "the child process of the test below"]
fn child() {
    let world_dir = PathBuf::from(std::env::var_os(JOB).unwrap());
    let closure = fs::read(world_dir.join("closure.json")).unwrap();
    let closure: Vec<PathInfo> = serde_json::from_slice(&closure).unwrap();
    publish(&publisher(&world_dir), &world_dir, &closure);
}

fn start_child(world_dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--ignored"])
        .env(JOB, world_dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whatever a client can see is whole.
fn is_whole(publisher: &Publisher, closure: &[PathInfo]) {
    let public = publisher.dir();
    for info in closure {
        let Ok(narinfo) = fs::read_to_string(public.cache_file(&CacheFile::narinfo_of(&info.path)))
        else {
            continue;
        };
        let field = |name: &str| {
            let value = narinfo.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap().to_owned()
        };
        let nar = public.cache_dir().join(field("URL: "));
        let size: u64 = field("FileSize: ").parse().unwrap();
        assert_eq!(fs::metadata(nar).unwrap().len(), size, "{}", info.path);
        for reference in &info.references {
            let narinfo = public.cache_file(&CacheFile::narinfo_of(reference));
            assert!(narinfo.exists(), "{} before {reference}", info.path);
        }
    }
    for name in public.releases(&channel()).unwrap() {
        publisher.check_revealed(&channel(), &name, NOW).unwrap();
    }
    if let Some(current) = public.current(&channel()).unwrap() {
        // It was entered before anybody was led to it.
        let checkpoint = fs::read_to_string(public.log_file(LogFile::Checkpoint)).unwrap();
        assert!(checkpoint.contains("\n1\n"), "{checkpoint}");
        publisher.check_revealed(&channel(), &current, NOW).unwrap();
    }
    if let Some(latest) = public.latest(&channel()).unwrap() {
        assert_eq!(public.current(&channel()).unwrap(), Some(latest.release));
        let signatures = public.latest_file(&channel(), LatestFile::Signature);
        let signature = Signature::parse(&fs::read_to_string(signatures).unwrap()).unwrap();
        let statement = public.latest_file(&channel(), LatestFile::Statement);
        assert!(
            key("k")
                .public()
                .verify(&fs::read(statement).unwrap(), &signature)
        );
    }
}

#[test]
fn a_publisher_may_be_killed_at_any_time() {
    let world = World::new();
    let dir = world.dir.path();
    world.tree();
    let closure = world.closure();
    fs::write(
        dir.join("closure.json"),
        serde_json::to_vec(&closure).unwrap(),
    )
    .unwrap();
    let publisher = publisher(dir);
    let started = Instant::now();
    assert!(start_child(dir).wait().unwrap().success());
    let whole_life = started.elapsed();
    for step in 1..=STEPS {
        if step % 4 == 1 {
            // From scratch, to be killed at other places.
            fs::remove_dir_all(dir.join("public")).unwrap();
        }
        let mut child = start_child(dir);
        // Not a wait for something to happen: the time of death is what varies.
        std::thread::sleep(whole_life * step / STEPS);
        child.kill().unwrap();
        child.wait().unwrap();
        is_whole(&publisher, &closure);
    }
    publish(&publisher, dir, &closure);
    is_whole(&publisher, &closure);
    let names = crate::world::contents(&dir.join("public"));
    let left: Vec<_> = names
        .keys()
        .filter(|it| it.to_string_lossy().contains(".tmp-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
