//! Whether a tree can be a channel, before a release is reserved for it.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error::{AtPath, PublishError};
use crate::nar::sorted_names;
use crate::publisher::Publisher;
use crate::tree::RESERVED;

/// The longest path below the tree, in bytes, that every client's system can unpack.
const PATH_MAX: usize = 900;
/// The longest target of a symbolic link.
const TARGET_MAX: usize = 1000;
/// The largest file, in bytes: above it tar's plain format ends. Nixpkgs' largest is 20 MB.
const FILE_MAX: u64 = 8 * 1024 * 1024 * 1024 - 1;
/// All files together, in bytes: forty times nixpkgs.
const TREE_MAX: u64 = 16 * 1024 * 1024 * 1024;
/// Files, folders and links: fifty times nixpkgs.
const ENTRIES_MAX: usize = 5_000_000;
/// So many problems are told.
const PROBLEMS_MAX: usize = 20;

/// Why a tree cannot be a channel.
#[derive(Debug, Error)]
pub enum Unpackable {
    /// The tree itself is at fault. At most twenty problems are told.
    #[error("the tree cannot be published: {}", shown(.0))]
    Tree(Vec<TreeProblem>),
    /// It could not be read.
    #[error(transparent)]
    Failed(#[from] PublishError),
}

/// One thing that a channel's tree cannot have. Whether a pick brought it or the base has it is for
/// the caller to tell apart, by asking for both trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeProblem {
    /// An entry that Picket adds itself.
    Reserved(&'static str),
    /// A name that is not UTF-8, which some clients' systems cannot have.
    NotUtf8(PathBuf),
    /// A path that is too long for some clients' systems.
    LongPath(PathBuf),
    /// A symbolic link whose target is too long, or not UTF-8.
    Target(PathBuf),
    /// Neither file, folder nor symbolic link.
    Special(PathBuf),
    /// A file that is too large for an archive.
    LargeFile(PathBuf),
    /// The tree is too large, or has too many entries.
    LargeTree,
}

impl fmt::Display for TreeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(name) => write!(f, "it has an entry {name:?}, which Picket adds itself"),
            Self::NotUtf8(path) => write!(f, "the name {path:?} is not UTF-8"),
            Self::LongPath(path) => write!(f, "the path {path:?} is too long"),
            Self::Target(path) => {
                write!(
                    f,
                    "the target of the link {path:?} is too long or not UTF-8"
                )
            }
            Self::Special(path) => {
                write!(f, "{path:?} is neither file, folder nor symbolic link")
            }
            Self::LargeFile(path) => write!(f, "the file {path:?} is too large"),
            Self::LargeTree => f.write_str("it is too large"),
        }
    }
}

fn shown(problems: &[TreeProblem]) -> String {
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    crate::error::list(&problems)
}

impl Publisher {
    /// Whether a tree can be packed, and unpacked by every client. Reads no file.
    ///
    /// # Errors
    /// [`Unpackable::Tree`] with what is wrong; [`Unpackable::Failed`] on I/O errors.
    pub fn packable(tree: &Path) -> Result<(), Unpackable> {
        let mut walk = Walk {
            tree,
            problems: Vec::new(),
            entries: 0,
            bytes: 0,
        };
        for name in RESERVED {
            if fs::symlink_metadata(tree.join(name)).is_ok() {
                walk.problems.push(TreeProblem::Reserved(name));
            }
        }
        walk.all()?;
        if walk.problems.is_empty() {
            return Ok(());
        }
        Err(Unpackable::Tree(walk.problems))
    }
}

/// A walk through a tree.
struct Walk<'a> {
    tree: &'a Path,
    problems: Vec<TreeProblem>,
    entries: usize,
    bytes: u64,
}

impl Walk<'_> {
    /// Ends early where there is enough to tell. Holds no folder open, however deep the tree is.
    fn all(&mut self) -> Result<(), PublishError> {
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let dir = self.tree.join(&folder);
            for name in sorted_names(&dir).at(&dir)? {
                let inside = folder.join(name);
                let path = self.tree.join(&inside);
                let metadata = fs::symlink_metadata(&path).at(&path)?;
                self.entry(&inside, &metadata)?;
                if metadata.is_dir() {
                    folders.push(inside);
                }
                if self.problems.len() >= PROBLEMS_MAX {
                    return Ok(());
                }
            }
            if self.entries > ENTRIES_MAX || self.bytes > TREE_MAX {
                self.problems.push(TreeProblem::LargeTree);
                return Ok(());
            }
        }
        Ok(())
    }

    fn entry(&mut self, inside: &Path, metadata: &Metadata) -> Result<(), PublishError> {
        self.entries += 1;
        let path = || inside.to_owned();
        if inside
            .file_name()
            .is_some_and(|name| name.to_str().is_none())
        {
            self.problems.push(TreeProblem::NotUtf8(path()));
        }
        if inside.as_os_str().len() > PATH_MAX {
            self.problems.push(TreeProblem::LongPath(path()));
        }
        if metadata.is_file() {
            self.bytes = self.bytes.saturating_add(metadata.len());
            if metadata.len() > FILE_MAX {
                self.problems.push(TreeProblem::LargeFile(path()));
            }
        } else if metadata.is_symlink() {
            let link = self.tree.join(inside);
            let target = fs::read_link(&link).at(&link)?;
            let target = target.as_os_str();
            if target.to_str().is_none() || target.as_bytes().len() > TARGET_MAX {
                self.problems.push(TreeProblem::Target(path()));
            }
        } else if !metadata.is_dir() {
            self.problems.push(TreeProblem::Special(path()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn problems(tree: &Path) -> Vec<TreeProblem> {
        match Publisher::packable(tree) {
            Ok(()) => Vec::new(),
            Err(Unpackable::Tree(problems)) => problems,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_plain_tree_is_packable() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("lib")).unwrap();
        fs::write(dir.path().join("lib/.git-revision"), "not at the top").unwrap();
        symlink("../..//x", dir.path().join("lib/link")).unwrap();
        assert_eq!(problems(dir.path()), []);
    }

    #[test]
    fn what_picket_adds_itself_is_named() {
        for name in RESERVED {
            let dir = tempfile::tempdir().unwrap();
            symlink("dangling", dir.path().join(name)).unwrap();
            assert_eq!(problems(dir.path()), [TreeProblem::Reserved(name)]);
        }
    }

    #[test]
    fn what_some_client_could_not_unpack_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
        let deep: PathBuf = (0..5).map(|_| "d".repeat(200)).collect();
        fs::create_dir_all(dir.path().join(&deep)).unwrap();
        fs::File::create(at("large"))
            .unwrap()
            .set_len(FILE_MAX + 1)
            .unwrap();
        symlink("t".repeat(TARGET_MAX + 1), at("link")).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let mut found = problems(dir.path());
        found.sort();
        let expected = [
            TreeProblem::NotUtf8(OsStr::from_bytes(b"caf\xe9").into()),
            TreeProblem::LongPath(deep),
            TreeProblem::Target("link".into()),
            TreeProblem::Special("socket".into()),
            TreeProblem::LargeFile("large".into()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_problems_are_bounded() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..2 * PROBLEMS_MAX {
            symlink("t".repeat(TARGET_MAX + 1), dir.path().join(n.to_string())).unwrap();
        }
        assert_eq!(problems(dir.path()).len(), PROBLEMS_MAX);
    }
}
