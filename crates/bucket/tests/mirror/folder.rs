//! A mirror in a folder.

use std::fs;
use std::path::Path;

use picket_bucket::{Depth, Mirror, RECORD, Target};
use picket_publisher::PublicDir;

use crate::world::{Copied, World, channel, read_below};

const LARGE: usize = 20 << 20;

fn mirror(world: &World, to: &Path) -> Mirror {
    Mirror::open(world.public.clone(), &Target::Folder(to.to_owned())).unwrap()
}

fn content(dir: &Path) -> Copied {
    let mut content = Copied::new();
    read_below(dir, dir, &mut content);
    content.retain(|key, _| !key.starts_with('.'));
    content
}

#[tokio::test]
async fn a_folder_is_a_public_folder_like_the_one_that_it_is_a_copy_of() {
    let world = World::new();
    world.path("large", LARGE);
    let to = world.dir.path().join("there");
    let mirror = mirror(&world, &to);
    let first = mirror.update(Depth::Listing).await.unwrap();
    assert_eq!((first.written, first.moved.len()), (19, 1));
    let mut copied = content(&to);
    assert!(copied.remove(RECORD).is_some());
    assert!(copied == world.files());
    let there = PublicDir::new(&to);
    assert_eq!(
        there.current(&channel()).unwrap(),
        world.public.current(&channel()).unwrap()
    );
    let second = mirror.update(Depth::Listing).await.unwrap();
    assert!(second.is_nothing(), "{second:?}");

    world.collect(1, &["a"]);
    world.publish(2, &["b"]);
    let third = mirror.update(Depth::Record).await.unwrap();
    assert_eq!(
        (third.written, third.removed, third.moved.len()),
        (12, 12, 1)
    );
    let current = PublicDir::new(&to).current(&channel()).unwrap().unwrap();
    assert_eq!(current.as_str(), "nixos-26.05.1000.2.abcdef2");
}

#[tokio::test]
async fn what_a_killed_run_left_half_written_goes_and_what_is_strange_stays() {
    let world = World::new();
    let to = world.dir.path().join("there");
    let nar = to.join("cache/nar");
    fs::create_dir_all(&nar).unwrap();
    for (name, content) in [
        ("x.nar.zst#1", "half"),
        ("x.nar.zst#", "theirs"),
        ("x", "theirs"),
    ] {
        fs::write(nar.join(name), content).unwrap();
    }
    fs::write(to.join("README"), "theirs").unwrap();
    mirror(&world, &to).update(Depth::Listing).await.unwrap();
    assert!(!nar.join("x.nar.zst#1").exists());
    for path in [nar.join("x.nar.zst#"), nar.join("x"), to.join("README")] {
        assert_eq!(fs::read(&path).unwrap(), b"theirs", "{}", path.display());
    }
}

#[tokio::test]
async fn one_run_at_a_time_works_in_a_folder() {
    let world = World::new();
    let to = world.dir.path().join("there");
    let mirror = mirror(&world, &to);
    let lock = picket_files::WorkLock::try_file(&to.join(".picket-mirror.lock")).unwrap();
    assert!(lock.is_some());
    let error = mirror.update(Depth::Listing).await.unwrap_err();
    let error = error
        .to_string()
        .replace(world.dir.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(error, @"another run is bringing DIR/there up to date");
    drop(lock);
    mirror.update(Depth::Listing).await.unwrap();
}

#[tokio::test]
async fn a_channel_that_is_gone_here_goes_there() {
    let world = World::new();
    let to = world.dir.path().join("there");
    let mirror = mirror(&world, &to);
    mirror.update(Depth::Listing).await.unwrap();
    for below in ["releases", "channels", "latest", "release-log"] {
        fs::remove_dir_all(world.public.root().join(below)).unwrap();
        fs::create_dir(world.public.root().join(below)).unwrap();
    }
    mirror.update(Depth::Record).await.unwrap();
    assert!(
        to.join("channels/nixos-26.05-sec")
            .symlink_metadata()
            .is_err()
    );
    let left = content(&to);
    assert!(
        left.keys().all(|key| key.starts_with("cache/")
            || key.starts_with("release-log/")
            || key == RECORD),
        "{left:?}"
    );
    assert!(
        left.contains_key("release-log/checkpoint"),
        "a log only grows"
    );
}

#[test]
fn a_folder_in_the_public_folder_is_refused() {
    let world = World::new();
    for to in [
        world.public.root().to_owned(),
        world.public.root().join("x"),
        world.dir.path().to_owned(),
    ] {
        let error = Mirror::open(world.public.clone(), &Target::Folder(to)).unwrap_err();
        assert!(error.to_string().contains("lie in each other"), "{error}");
    }
}
