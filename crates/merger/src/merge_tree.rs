//! Merges by git itself, which writes its objects beside the mirror and not into it.
//!
//! The mirror's objects are written once and never again where they are there, so that one which a
//! power cut left empty would stay so. What git makes for comparison alone goes to a folder that is
//! dropped.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use picket_treemerge::ObjectId;
use tempfile::TempDir;

use crate::error::Result;
use crate::snapshot::Snapshot;
use picket_mirror::{MirrorError, at};

/// Git's own marks for a process that found itself in the wrong: abort and segmentation fault.
const CRASHES: [i32; 2] = [6, 11];

/// What git made of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This tree.
    Clean(ObjectId),
    /// A tree in which some files conflict.
    Conflict {
        /// The tree, with conflict markers.
        tree: ObjectId,
        /// The files' paths, in order.
        paths: Vec<Vec<u8>>,
    },
    /// It crashed over it, as it does over some tangles of renames.
    GaveUp,
}

/// Where git reads and writes.
pub(crate) struct Scratch<'a> {
    snapshot: &'a Snapshot,
    folder: TempDir,
}

impl<'a> Scratch<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("picket-merge-").tempdir();
        let folder = folder.map_err(at(std::env::temp_dir()))?;
        let scratch = Self { snapshot, folder };
        let info = scratch.object_dir().join("info");
        fs::create_dir_all(&info).map_err(at(&info))?;
        let alternates = info.join("alternates");
        let objects = snapshot.dir().join("objects");
        let line = [objects.as_os_str().as_encoded_bytes(), b"\n"].concat();
        fs::write(&alternates, line).map_err(at(alternates))?;
        Ok(scratch)
    }

    fn object_dir(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    /// Has git make merges, each a line `[<base> -- ]<ours> <theirs>` of commits.
    pub(crate) fn merge(&self, merges: &[String]) -> Result<Vec<Answer>> {
        let input = self.folder.path().join("input");
        let text: String = merges.iter().map(|line| format!("{line}\n")).collect();
        File::create(&input)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(at(&input))?;
        let input = File::open(&input).map_err(at(&input))?;
        let mut git = self
            .snapshot
            .git("merge-tree")
            // Attributes of trees and machines do not count in the mirror, whatever git's version.
            .env("GIT_ATTR_NOSYSTEM", "1")
            .setting("attr.tree", &ObjectId::EMPTY_TREE.to_string())
            .env("GIT_OBJECT_DIRECTORY", self.object_dir())
            .args(["--write-tree", "--stdin", "--no-messages", "--name-only"])
            .args(["--allow-unrelated-histories"])
            .stdin(input.into());
        let output = git.run()?;
        let crashed = output
            .status
            .signal()
            .is_some_and(|it| CRASHES.contains(&it));
        match merges {
            [_] if crashed => Ok(vec![Answer::GaveUp]),
            // What it had said before is lost in its buffers.
            several if crashed => {
                let mut answers = Vec::new();
                for one in several {
                    answers.extend(self.merge(std::slice::from_ref(one))?);
                }
                Ok(answers)
            }
            _ => {
                let said = git.checked(output)?;
                let answers = parse(&said).filter(|answers| answers.len() == merges.len());
                let odd = || MirrorError::Transport {
                    command: "merge-tree",
                    remote: "the mirror".to_owned(),
                    message: "it did not answer as documented: is it git 2.45 or later?".to_owned(),
                };
                answers.ok_or_else(|| odd().into())
            }
        }
    }

    /// The mirror's objects and those that git made.
    pub(crate) fn objects(&self) -> Result<picket_treemerge::Repository> {
        let objects = picket_treemerge::Repository::open(self.folder.path());
        let unreadable = |error: picket_treemerge::OpenError| MirrorError::Unreadable {
            reason: error.to_string(),
        };
        Ok(objects.map_err(unreadable)?)
    }
}

/// Each answer is `1` or `0` for a conflict, the tree, and the conflicting paths, each ended by a
/// zero byte, and one more zero byte (git-merge-tree(1), "INPUT FORMAT" and "OUTPUT").
fn parse(said: &[u8]) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    let mut parts = said.split(|byte| *byte == 0);
    loop {
        let is_clean = match parts.next()? {
            b"1" => true,
            b"0" => false,
            b"" => return parts.next().is_none().then_some(answers),
            _ => return None,
        };
        let tree = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let mut paths: Vec<Vec<u8>> = Vec::new();
        loop {
            match parts.next()? {
                b"" => break,
                path => paths.push(path.to_vec()),
            }
        }
        paths.sort();
        paths.dedup();
        answers.push(match is_clean {
            true => Answer::Clean(tree),
            false => Answer::Conflict { tree, paths },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn clean_and_conflicting_answers_are_told_apart() {
        let said = format!("1\0{ID}\0\x000\0{ID}\0b\nc\0a\0\x001\0{ID}\0\0");
        let tree = ObjectId::EMPTY_TREE;
        let paths = vec![b"a".to_vec(), b"b\nc".to_vec()];
        let expected = [
            Answer::Clean(tree),
            Answer::Conflict { tree, paths },
            Answer::Clean(tree),
        ];
        assert_eq!(parse(said.as_bytes()).unwrap(), expected);
        assert_eq!(parse(b"").unwrap(), []);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let whole = format!("1\0{ID}\0\0");
        for cut in 1..whole.len() {
            assert_eq!(parse(&whole.as_bytes()[..cut]), None, "{cut}");
        }
        for odd in ["2\0", "1\0tree\0\0", "\0x"] {
            assert_eq!(parse(odd.as_bytes()), None, "{odd:?}");
        }
    }
}
