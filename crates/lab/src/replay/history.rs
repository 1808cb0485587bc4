//! Which backports a branch has.

use std::{
    collections::{BinaryHeap, HashSet},
    path::Path,
    process::Command,
};

use picket_treemerge::{Commit, Kind, ObjectId, Objects, ReadError};

use super::backport::Backport;
use super::git::words;

const MARK: &[u8] = b"cherry picked from commit ";

/// A branch cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no such revision.
    #[error("{0:?} names no commit of the repository")]
    NoSuchRevision(String),
    /// git refuses to look, as it does where a repository is another user's.
    #[error("git refuses to look for {revision:?}: {words}")]
    Refused {
        /// The revision.
        revision: String,
        /// git's own words.
        words: String,
    },
    /// A line of a list of picks is not two ids.
    #[error("{0:?} is not BACKPORT SOURCE: two object ids of 40 digits")]
    NotAPick(String),
    /// git, which resolves revisions, cannot be run.
    #[error("git cannot be run to resolve a revision: {0}")]
    Git(#[from] std::io::Error),
    /// The branch's own commits cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The commit that `revision` names in the repository.
///
/// # Errors
/// When there is none, git refuses to look, or cannot be run.
pub fn resolve_revision(repository: &Path, revision: &str) -> Result<ObjectId, HistoryError> {
    if let Ok(id) = revision.parse() {
        return Ok(id);
    }
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options"])
        .arg(format!("{revision}^{{commit}}"))
        .output()?;
    // Of a revision that does not exist, git says nothing here.
    if !output.status.success() && !output.stderr.is_empty() {
        return Err(HistoryError::Refused {
            revision: revision.to_owned(),
            words: words(&output.stderr),
        });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| HistoryError::NoSuchRevision(revision.to_owned()))
}

/// The commits reachable from `tip` whose message has exactly one `cherry picked from commit`
/// line, newest first, at most `limit`. Commits that the repository lacks end the walk there.
///
/// # Errors
/// When a commit cannot be read.
pub fn backports(
    objects: &impl Objects,
    tip: ObjectId,
    limit: Option<usize>,
) -> Result<Vec<Backport>, HistoryError> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([tip]);
    let mut queue = BinaryHeap::from([(i64::MAX, tip)]);
    while let Some((_, id)) = queue.pop() {
        if limit.is_some_and(|limit| found.len() >= limit) {
            break;
        }
        let content = objects.read(&id, Kind::Commit)?;
        let Some(commit) = Commit::parse(&content) else {
            return Err(ReadError::Malformed {
                id,
                kind: Kind::Commit,
            }
            .into());
        };
        if let Some(source) = source(&content[commit.message_at..]) {
            found.push(Backport {
                backport: id,
                source,
            });
        }
        for parent in commit.parents {
            if seen.insert(parent) {
                match objects.read(&parent, Kind::Commit) {
                    Ok(content) => {
                        let time = Commit::parse(&content).map_or(0, |commit| commit.committed_at);
                        queue.push((time, parent));
                    }
                    Err(ReadError::Missing { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    Ok(found)
}

/// The picks listed in `text`: in each line a backport and its source, two full ids. Empty lines
/// and those that begin with `#` are left out.
///
/// # Errors
/// The first line that is something else.
pub fn listed(text: &str) -> Result<Vec<Backport>, HistoryError> {
    let wanted = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let pick = |line: &str| {
        let mut ids = line.split_whitespace().map(str::parse);
        match (ids.next(), ids.next(), ids.next()) {
            (Some(Ok(backport)), Some(Ok(source)), None) => Ok(Backport { backport, source }),
            _ => Err(HistoryError::NotAPick(line.chars().take(100).collect())),
        }
    };
    text.lines().filter(wanted).map(pick).collect()
}

/// The commit that a message says it was picked from, if it says so once, in full.
fn source(message: &[u8]) -> Option<ObjectId> {
    let mut sources = message.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = memchr::memmem::find(line, MARK)? + MARK.len();
        line.get(at..at + 40)
            .map(|id| std::str::from_utf8(id).ok()?.parse().ok())
    });
    let source = sources.next()?;
    if sources.next().is_some() {
        None
    } else {
        source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_source_counts() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let line = format!("(cherry picked from commit {id})");
        let found = |text: &str| source(text.as_bytes()).map(|id| id.to_string());
        assert_eq!(found(&format!("fix\n\n{line}\n")).as_deref(), Some(id));
        assert_eq!(
            found(&format!("fix\n\n{line}\nSigned-off-by: x\n{line}\n")),
            None
        );
        assert_eq!(found("fix\n\n(cherry picked from commit 0123456)\n"), None);
        assert_eq!(found("fix"), None);
    }
}
