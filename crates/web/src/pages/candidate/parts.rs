//! What a candidate consists of: its commits and files.

use picket_domain::{Candidate, ChangeKind, FileChange};

/// One of its commits.
pub(super) struct CommitView {
    pub(super) short: String,
    pub(super) subject: String,
    pub(super) author: String,
}

/// A file that it changes.
pub(super) struct FileView {
    pub(super) path: String,
    pub(super) from: Option<String>,
    pub(super) kind: &'static str,
    pub(super) additions: u64,
    pub(super) deletions: u64,
}

pub(super) fn commits(candidate: &Candidate) -> Vec<CommitView> {
    let commits = candidate.commits().iter().map(|commit| CommitView {
        short: commit.sha.short().to_owned(),
        subject: commit.subject.clone(),
        author: commit.author.clone(),
    });
    commits.collect()
}

impl FileView {
    pub(super) fn new(file: &FileChange) -> Self {
        let (kind, from) = match &file.change {
            ChangeKind::Added => ("added", None),
            ChangeKind::Removed => ("removed", None),
            ChangeKind::Modified => ("", None),
            ChangeKind::Renamed { from } => ("renamed", Some(from.clone())),
        };
        Self {
            path: file.path.clone(),
            from,
            kind,
            additions: file.additions,
            deletions: file.deletions,
        }
    }
}
