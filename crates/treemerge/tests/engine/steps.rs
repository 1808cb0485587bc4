//! Edits of trees and texts: what a side did.

use crate::repository::{Entry, Tree};

/// Directories and names are few, so that sides meet.
pub(crate) const DIRECTORIES: [&str; 6] = ["", "a/", "a/b/", "b/", "c/", "c/d/"];
pub(crate) const NAMES: [&str; 7] = ["x", "y", "z", "t", "t-2", "a", "\u{e4}"];

#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Replace { at: usize, line: u8 },
    Insert { at: usize, line: u8 },
    Remove { at: usize, count: usize },
    Swap { at: usize },
    NoLastNewline,
    CrLf,
    Nul,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Edit {
        file: usize,
        edits: Vec<Edit>,
    },
    Rename {
        file: usize,
        to: Path,
        edits: Vec<Edit>,
    },
    RenameDirectory {
        from: usize,
        to: usize,
    },
    Remove {
        file: usize,
    },
    RemoveDirectory {
        directory: usize,
    },
    Add {
        path: Path,
        entry: Entry,
    },
    Copy {
        file: usize,
        path: Path,
    },
    Mode {
        file: usize,
    },
    Link {
        file: usize,
        target: u8,
    },
    Submodule {
        file: usize,
        commit: u8,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub(crate) directory: usize,
    pub(crate) name: usize,
}

impl Path {
    pub(crate) fn bytes(self) -> Vec<u8> {
        [
            DIRECTORIES[self.directory].as_bytes(),
            NAMES[self.name].as_bytes(),
        ]
        .concat()
    }
}

/// Lines of few kinds, so that there are equal ones, and of many, so that files differ.
pub(crate) fn line(number: u8) -> Vec<u8> {
    match number {
        0..=3 => b"\n".to_vec(),
        4..=7 => b"}\n".to_vec(),
        8..=11 => b"  end;\n".to_vec(),
        _ => format!("the line of number {number}\n").into_bytes(),
    }
}

/// Adds an entry; what cannot stay beside it goes.
pub(crate) fn put(tree: &mut Tree, path: Vec<u8>, entry: Entry) {
    let below = [path.as_slice(), b"/"].concat();
    tree.retain(|other, _| {
        let above = [other.as_slice(), b"/"].concat();
        !other.starts_with(&below) && !path.starts_with(&above)
    });
    tree.insert(path, entry);
}

pub(crate) fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    content
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn apply_edit(content: &mut Vec<u8>, edit: &Edit) {
    let mut text = lines(content);
    match edit {
        Edit::Replace { at, line: number } if !text.is_empty() => {
            let at = at % text.len();
            text[at] = line(*number);
        }
        Edit::Insert { at, line: number } => text.insert(at % (text.len() + 1), line(*number)),
        Edit::Remove { at, count } if !text.is_empty() => {
            let at = at % text.len();
            text.drain(at..(at + count).min(text.len()));
        }
        Edit::Swap { at } if text.len() > 1 => {
            let at = at % (text.len() - 1);
            text.swap(at, at + 1);
        }
        Edit::NoLastNewline => {
            if let Some(last) = text.last_mut() {
                last.retain(|byte| *byte != b'\n');
            }
        }
        Edit::CrLf => {
            for line in &mut text {
                if line.ends_with(b"\n") && !line.ends_with(b"\r\n") {
                    line.insert(line.len() - 1, b'\r');
                }
            }
        }
        Edit::Nul => text.push(b"\0\n".to_vec()),
        Edit::Replace { .. } | Edit::Remove { .. } | Edit::Swap { .. } => {}
    }
    *content = text.concat();
}

pub(crate) fn apply_edits(entry: &mut Entry, edits: &[Edit]) {
    if let Entry::File(content) | Entry::Executable(content) = entry {
        edits.iter().for_each(|edit| apply_edit(content, edit));
    }
}

pub(crate) fn nth(tree: &Tree, file: usize) -> Option<Vec<u8>> {
    tree.keys().nth(file % tree.len().max(1)).cloned()
}

pub(crate) fn apply(tree: &mut Tree, step: &Step) {
    match step {
        Step::Edit { file, edits } => {
            if let Some(path) = nth(tree, *file)
                && let Some(entry) = tree.get_mut(&path)
            {
                apply_edits(entry, edits);
            }
        }
        Step::Rename { file, to, edits } => {
            if let Some(path) = nth(tree, *file)
                && let Some(mut entry) = tree.remove(&path)
            {
                apply_edits(&mut entry, edits);
                put(tree, to.bytes(), entry);
            }
        }
        Step::RenameDirectory { from, to } => {
            let (from, to) = (DIRECTORIES[*from].as_bytes(), DIRECTORIES[*to].as_bytes());
            for (path, entry) in taken(tree, from) {
                put(tree, [to, &path[from.len()..]].concat(), entry);
            }
        }
        Step::Remove { file } => {
            if let Some(path) = nth(tree, *file) {
                tree.remove(&path);
            }
        }
        Step::RemoveDirectory { directory } => {
            taken(tree, DIRECTORIES[*directory].as_bytes());
        }
        Step::Add { path, entry } => put(tree, path.bytes(), entry.clone()),
        Step::Copy { file, path } => {
            if let Some(entry) = nth(tree, *file).and_then(|file| tree.get(&file).cloned()) {
                put(tree, path.bytes(), entry);
            }
        }
        Step::Mode { file } => change(tree, *file, |entry| match entry {
            Entry::File(content) => Entry::Executable(content),
            Entry::Executable(content) => Entry::File(content),
            other => other,
        }),
        Step::Link { file, target } => {
            change(tree, *file, |_| Entry::Symlink(vec![b'x' + target]));
        }
        Step::Submodule { file, commit } => change(tree, *file, |_| Entry::Submodule(*commit)),
    }
}

pub(crate) fn taken(tree: &mut Tree, directory: &[u8]) -> Vec<(Vec<u8>, Entry)> {
    let paths: Vec<_> = tree
        .keys()
        .filter(|path| path.starts_with(directory))
        .cloned()
        .collect();
    paths
        .into_iter()
        .filter_map(|path| tree.remove_entry(&path))
        .collect()
}

fn change(tree: &mut Tree, file: usize, with: impl FnOnce(Entry) -> Entry) {
    if let Some(path) = nth(tree, file)
        && let Some(entry) = tree.remove(&path)
    {
        tree.insert(path, with(entry));
    }
}
