//! What a merge reads and writes.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};

use picket_lab::replay::Triple;
use picket_treemerge::{
    AllText, Content, Kind, NewObjects, ObjectId, Objects, Outcome, Overlay, Pieces, ReadError,
    Repository, merge,
};

use crate::repository::{Scratch, Tree, file, numbered, open, tree};

/// Counts what is read.
struct Counting {
    repository: Repository,
    reads: RefCell<Vec<ObjectId>>,
}

impl Counting {
    fn note(&self, id: &ObjectId) {
        self.reads.borrow_mut().push(*id);
    }
}

impl Objects for Counting {
    fn read(&self, id: &ObjectId, kind: Kind) -> Result<Content, ReadError> {
        self.note(id);
        self.repository.read(id, kind)
    }

    fn blob_size(&self, id: &ObjectId) -> Result<u64, ReadError> {
        self.note(id);
        self.repository.blob_size(id)
    }

    fn pieces(&self, id: &ObjectId) -> Result<Rc<Pieces>, ReadError> {
        self.note(id);
        self.repository.pieces(id)
    }
}

/// Packages in folders of 50; `changed` has every tenth edited.
fn packages(count: usize, changed: bool) -> Tree {
    let text = |number: usize| {
        let version = if changed && number.is_multiple_of(10) {
            "2"
        } else {
            "1"
        };
        file(&format!("package {number}\nversion {version}\n"))
    };
    (0..count)
        .map(|n| {
            (
                format!("pkgs/d{}/p{n}/default.nix", n / 50).into_bytes(),
                text(n),
            )
        })
        .collect()
}

fn reads(count: usize) -> usize {
    let (base, mut ours) = (packages(count, false), packages(count, true));
    let mut theirs = base.clone();
    for (side, line) in [(&mut ours, 2), (&mut theirs, 15)] {
        side.insert(
            b"pkgs/all.nix".to_vec(),
            numbered(20, Some((line, "changed"))),
        );
    }
    let mut base = base;
    base.insert(b"pkgs/all.nix".to_vec(), numbered(20, None));
    let scratch = Scratch::new();
    let ids = scratch.add([&base, &ours, &theirs]);
    let objects = Counting {
        repository: open(&scratch.path()),
        reads: RefCell::default(),
    };
    let outcome = merge(&objects, &AllText, ids[0], ids[1], ids[2]);
    assert!(matches!(outcome, Ok(Outcome::Merged(_))));
    objects.reads.into_inner().len()
}

#[test]
fn files_that_a_pick_does_not_touch_are_not_read() {
    // Two levels of three trees, and three files.
    assert_eq!(reads(200), 9);
    assert_eq!(reads(2000), 9);
}

fn files(folder: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let metadata = entry.metadata().expect("there");
        found.insert(entry.path(), metadata.modified().expect("a time"));
        if metadata.is_dir() {
            found.extend(files(&entry.path()));
        }
    }
    found
}

#[test]
fn neither_engine_writes_to_the_repository() {
    let scratch = Scratch::new();
    let with = |line| tree(&[("f", numbered(20, line))]);
    let ids = scratch.add(&[with(None), with(Some((2, "x"))), with(Some((15, "y")))]);
    let before = files(&scratch.path());
    let triple = Triple {
        base: ids[0],
        ours: ids[1],
        theirs: ids[2],
    };
    assert!(scratch.merge(&[triple]).remove(0).tree().is_some());
    assert_eq!(files(&scratch.path()), before);
}

/// A second pick onto the tree of the first, which is in memory only.
#[test]
fn a_chain_is_merged_in_memory() {
    let scratch = Scratch::new();
    let with = |line| tree(&[("d/f", numbered(20, line))]);
    let both = {
        let mut text = String::new();
        for number in 1..=20 {
            text += &match number {
                2 => "x\n".to_owned(),
                15 => "y\n".to_owned(),
                other => format!("line {other}\n"),
            };
        }
        tree(&[("d/f", file(&(text + "end\n")))])
    };
    let mut ended = with(None);
    if let Some(entry) = ended.get_mut(&b"d/f"[..]) {
        *entry = file(&((1..=20).map(|n| format!("line {n}\n")).collect::<String>() + "end\n"));
    }
    let ids = scratch.add(&[
        with(None),
        with(Some((2, "x"))),
        with(Some((15, "y"))),
        ended,
        both,
    ]);
    let repository = open(&scratch.path());
    let mut made = NewObjects::default();
    let mut tip = ids[1];
    for theirs in [ids[2], ids[3]] {
        let objects = Overlay::new(&made, &repository);
        let Ok(Outcome::Merged(merged)) = merge(&objects, &AllText, ids[0], tip, theirs) else {
            panic!("a conflict");
        };
        tip = merged.tree;
        made.extend(merged.objects);
    }
    assert_eq!(tip, ids[4]);
    assert_eq!(
        made.len(),
        made.iter()
            .filter(|(id, kind, text)| **id == ObjectId::of(*kind, text))
            .count()
    );
}
