//! Inputs made of a fuzzer's bytes.

use crate::{
    repository::{Case, Entry, Tree},
    steps::{self, DIRECTORIES, Edit, NAMES, Path, Step},
};

/// Choices read from bytes; zeros follow their end.
struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(0)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    fn path(&mut self) -> Path {
        Path {
            directory: self.below(DIRECTORIES.len()),
            name: self.below(NAMES.len()),
        }
    }

    fn text(&mut self, lines: usize) -> Vec<u8> {
        let count = self.below(lines);
        (0..count).flat_map(|_| steps::line(self.byte())).collect()
    }

    fn entry(&mut self) -> Entry {
        match self.below(12) {
            0 => Entry::Executable(self.text(14)),
            1 => Entry::Symlink(vec![b'x' + self.byte() % 3]),
            2 => Entry::Submodule(1 + self.byte() % 3),
            _ => Entry::File(self.text(14)),
        }
    }

    fn edit(&mut self) -> Edit {
        let at = self.below(40);
        match self.below(12) {
            0..4 => Edit::Replace {
                at,
                line: self.byte(),
            },
            4..8 => Edit::Insert {
                at,
                line: self.byte(),
            },
            8 => Edit::Remove {
                at,
                count: 1 + self.below(4),
            },
            9 => Edit::Swap { at },
            10 => [Edit::NoLastNewline, Edit::CrLf][self.below(2)].clone(),
            _ => Edit::Nul,
        }
    }

    fn edits(&mut self, limit: usize) -> Vec<Edit> {
        (0..self.below(limit)).map(|_| self.edit()).collect()
    }

    fn step(&mut self) -> Step {
        let file = self.below(12);
        match self.below(16) {
            0..5 => Step::Edit {
                file,
                edits: self.edits(4),
            },
            5..8 => Step::Rename {
                file,
                to: self.path(),
                edits: self.edits(3),
            },
            8 => Step::RenameDirectory {
                from: 1 + self.below(DIRECTORIES.len() - 1),
                to: self.below(DIRECTORIES.len()),
            },
            9 => Step::RemoveDirectory {
                directory: 1 + self.below(DIRECTORIES.len() - 1),
            },
            10 => Step::Remove { file },
            11 => Step::Add {
                path: self.path(),
                entry: self.entry(),
            },
            12 => Step::Copy {
                file,
                path: self.path(),
            },
            13 => Step::Mode { file },
            14 => Step::Link {
                file,
                target: self.byte() % 3,
            },
            _ => Step::Submodule {
                file,
                commit: 1 + self.byte() % 3,
            },
        }
    }

    fn side(&mut self, base: &Tree) -> Tree {
        let mut tree = base.clone();
        for _ in 0..self.below(6) {
            steps::apply(&mut tree, &self.step());
        }
        tree
    }
}

fn choices(data: &[u8]) -> Choices<'_> {
    Choices { bytes: data.iter() }
}

/// A base and two sides of it.
pub(crate) fn case(data: &[u8]) -> Case {
    let mut choices = choices(data);
    let mut base = Tree::new();
    for _ in 0..choices.below(12) {
        let path = choices.path().bytes();
        steps::put(&mut base, path, choices.entry());
    }
    let (ours, theirs) = (choices.side(&base), choices.side(&base));
    [base, ours, theirs]
}

/// Three texts: a base and two edited copies; or anything, in three parts.
pub(super) fn three_texts(data: &[u8]) -> [Vec<u8>; 3] {
    let mut choices = choices(data);
    if choices.byte().is_multiple_of(4) {
        let mut parts = data[1.min(data.len())..].splitn(3, |byte| *byte == 0xff);
        return [(); 3].map(|()| parts.next().unwrap_or_default().to_vec());
    }
    let base = choices.text(200);
    [0, 8, 8].map(|limit| {
        let mut entry = Entry::File(base.clone());
        steps::apply_edits(&mut entry, &choices.edits(limit + 1));
        match entry {
            Entry::File(text) | Entry::Executable(text) | Entry::Symlink(text) => text,
            Entry::Submodule(_) => Vec::new(),
        }
    })
}
