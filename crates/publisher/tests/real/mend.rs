//! Damage in the folder of a published release is named, and made good.

use std::fs;
use std::path::{Path, PathBuf};

use picket_publisher::{PublishError, ReleaseFile};

use crate::world::{World, channel, release};

fn flip_bit(path: &Path) {
    let mut content = fs::read(path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(path, content).unwrap();
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

#[test]
fn what_is_damaged_in_a_published_folder_is_named_and_made_again() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let one = release(1);
    world.release(&publisher, &one);
    let file =
        |file: ReleaseFile| -> PathBuf { world.public().release_file(&channel(), &one.name, file) };
    let problems = || publisher.folder_problems(&channel(), &one.name).unwrap();
    let is_complete = || publisher.has_all_files(&channel(), &one.name).unwrap();
    assert_eq!((problems(), is_complete()), (Vec::new(), true));

    remove(&file(ReleaseFile::NixexprsXz));
    assert!(!is_complete());
    flip_bit(&file(ReleaseFile::NixexprsZst));
    remove(&file(ReleaseFile::Index));
    flip_bit(&file(ReleaseFile::Sha256Sums));
    remove(&file(ReleaseFile::GitRevision));
    assert_eq!(
        problems(),
        [
            "nixexprs.tar.xz is missing",
            "nixexprs.tar.zst is not what release.json says",
            "git-revision is missing",
            "SHA256SUMS is not what release.json says",
            "index.html is missing",
        ]
    );
    publisher.mend_folder(&one, &world.tree()).unwrap();
    assert_eq!((problems(), is_complete()), (Vec::new(), true));

    // What upstream had then is not known any more.
    flip_bit(&file(ReleaseFile::StorePaths));
    publisher.mend_folder(&one, &world.tree()).unwrap();
    assert_eq!(problems(), ["store-paths.xz is not what release.json says"]);
}

#[test]
fn nothing_is_signed_again() {
    let world = World::new();
    let publisher = world.publisher(&["k"]);
    let one = release(1);
    world.release(&publisher, &one);
    let signature = world
        .public()
        .release_file(&channel(), &one.name, ReleaseFile::Signature);
    remove(&signature);
    let problems = publisher.folder_problems(&channel(), &one.name).unwrap();
    assert_eq!(problems, ["release.json is not signed by a key of ours"]);
    let mended = publisher.mend_folder(&one, &world.tree());
    assert!(
        matches!(mended, Err(PublishError::Incomplete { .. })),
        "{mended:?}"
    );
    assert!(!signature.exists());
}
