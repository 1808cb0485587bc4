//! Many files on the move.

use proptest::prelude::*;

use crate::{
    repository::{Case, Entry, Tree},
    steps::{lines, nth, put, taken},
};

/// Many files, each unlike the others, in directories that are moved as a whole or in part: which
/// file became which, and where a directory went, is to be found out.
pub(crate) fn moved_case() -> impl Strategy<Value = Case> {
    let place = || (0_usize..9, 0_usize..9);
    let file = (place(), 0_usize..30, 4_usize..16).prop_map(|(place, name, length)| {
        let name = if name < 18 {
            format!("f{name}")
        } else {
            "default.nix".to_owned()
        };
        (below(place, &name), length)
    });
    let base = prop::collection::vec(file, 10..60).prop_map(|files| {
        let mut tree = Tree::new();
        for (number, (path, length)) in files.into_iter().enumerate() {
            let text: String = (0..length)
                .map(|line| format!("file {number} line {line}\n"))
                .collect();
            put(&mut tree, path, Entry::File(text.into_bytes()));
        }
        tree
    });
    let step = || {
        prop_oneof![
            3 => (place(), place(), 0_u8..4).prop_map(|(from, to, edited)| Move::Directory {
                from,
                to,
                edited,
            }),
            3 => (0_usize..60, place(), 0_u8..9).prop_map(|(file, to, edited)| Move::File {
                file,
                to,
                edited,
            }),
            2 => (0_usize..60, any::<u8>()).prop_map(|(file, name)| Move::Rename { file, name }),
            4 => (0_usize..60, 0_u8..9).prop_map(|(file, edited)| Move::Edit { file, edited }),
            1 => (0_usize..60).prop_map(|file| Move::Remove { file }),
            3 => (place(), any::<u8>()).prop_map(|(to, name)| Move::Add { to, name }),
        ]
    };
    let steps = move || prop::collection::vec(step(), 0..9);
    (base, steps(), steps()).prop_map(|(base, ours, theirs)| {
        let side = |moves: &[Move]| {
            let mut tree = base.clone();
            moves.iter().for_each(|step| step.apply(&mut tree));
            tree
        };
        let (ours, theirs) = (side(&ours), side(&theirs));
        [base, ours, theirs]
    })
}

/// A directory one or two levels deep; zero is the level above.
type Place = (usize, usize);

fn below((outer, inner): Place, name: &str) -> Vec<u8> {
    let outer = if outer == 0 {
        String::new()
    } else {
        format!("d{outer}/")
    };
    let inner = if inner < 4 {
        String::new()
    } else {
        format!("e{inner}/")
    };
    format!("{outer}{inner}{name}").into_bytes()
}

#[derive(Clone, Debug)]
enum Move {
    /// With some of its files edited.
    Directory {
        from: Place,
        to: Place,
        edited: u8,
    },
    File {
        file: usize,
        to: Place,
        edited: u8,
    },
    Rename {
        file: usize,
        name: u8,
    },
    Edit {
        file: usize,
        edited: u8,
    },
    Remove {
        file: usize,
    },
    Add {
        to: Place,
        name: u8,
    },
}

impl Move {
    fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Directory { from, to, edited } => {
                let (from, to) = (below(*from, ""), below(*to, ""));
                for (number, (path, mut entry)) in taken(tree, &from).into_iter().enumerate() {
                    rework(&mut entry, if number % 3 == 0 { *edited } else { 0 });
                    put(tree, [&to, &path[from.len()..]].concat(), entry);
                }
            }
            Self::File { file, to, edited } => self.carry(tree, *file, *edited, |path| {
                let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
                [below(*to, "").as_slice(), name].concat()
            }),
            Self::Rename { file, name } => self.carry(tree, *file, 1, |path| {
                let end = path
                    .iter()
                    .rposition(|byte| *byte == b'/')
                    .map_or(0, |slash| slash + 1);
                [&path[..end], format!("g{name}").as_bytes()].concat()
            }),
            Self::Edit { file, edited } => self.carry(tree, *file, *edited, <[u8]>::to_vec),
            Self::Remove { file } => {
                if let Some(path) = nth(tree, *file) {
                    tree.remove(&path);
                }
            }
            Self::Add { to, name } => {
                let text = format!("new {name}\n").repeat(3);
                put(
                    tree,
                    below(*to, &format!("n{name}")),
                    Entry::File(text.into_bytes()),
                );
            }
        }
    }

    fn carry(&self, tree: &mut Tree, file: usize, edited: u8, to: impl Fn(&[u8]) -> Vec<u8>) {
        if let Some(path) = nth(tree, file)
            && let Some(mut entry) = tree.remove(&path)
        {
            rework(&mut entry, edited);
            put(tree, to(&path), entry);
        }
    }
}

/// Changes about so many tenths of a file's lines.
fn rework(entry: &mut Entry, tenths: u8) {
    if let Entry::File(content) = entry {
        let mut text = lines(content);
        let count = text.len() * usize::from(tenths) / 10;
        for line in text.iter_mut().take(count) {
            *line = [b"edited ", line.as_slice()].concat();
        }
        *content = text.concat();
    }
}
