//! What a pull request has at its head, for people and for finding advisories.

use git2::{Commit, Oid, Repository};
use picket_domain::text::{self, MAX_LINE, MAX_PATH};
use picket_domain::{
    Advisory, Candidate, CommitSha, Details, FileChange, SourceCommit, picked_from,
};
use picket_mirror::{Diff, FileDiff, LineKind, MirrorError, is_fetched, sha};

use crate::error::Result;
use crate::merger::Merger;

/// Commits before these are counted only.
const MAX_COMMITS: usize = 250;
/// More advisories than this are a list, not a fix.
const MAX_ADVISORIES: usize = 100;

impl Merger {
    /// What a candidate has at its present head. It has nothing where its commits cannot be told;
    /// `None` where upstream's copy of its base branch was not fetched.
    ///
    /// # Errors
    /// [`MirrorError::MissingCommit`] where the head was not fetched.
    pub fn details(&self, candidate: &Candidate) -> Result<Option<Details>> {
        let (repo, head) = (self.repository()?, &candidate.head);
        if !is_fetched(&repo, candidate.pr, head)? {
            return Err(MirrorError::MissingCommit(head.clone()).into());
        }
        if self.branch_tip(&candidate.base_branch)?.is_none() {
            return Ok(None);
        }
        let Ok(source) = self.source(&repo, candidate, head)? else {
            return Ok(Some(Details::default()));
        };
        let diff = self.diff_between(source.from, head)?;
        read(&repo, &source.commits, &diff).map(Some)
    }
}

fn read(repo: &Repository, all: &[Oid], diff: &Diff) -> Result<Details> {
    let (mut commits, mut named) = (Vec::new(), advisories_of(diff));
    for id in &all[all.len().saturating_sub(MAX_COMMITS)..] {
        let commit = repo.find_commit(*id)?;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        named.extend(Advisory::find_all(&message));
        commits.push(shown(&commit, sha(*id), &message));
    }
    named.sort();
    named.dedup();
    named.truncate(MAX_ADVISORIES);
    Ok(Details {
        commits,
        files: diff.files.iter().map(file).collect(),
        all_commits: all.len(),
        all_files: diff.changed_files,
        named,
    })
}

fn shown(commit: &Commit<'_>, sha: CommitSha, message: &str) -> SourceCommit {
    let author = commit.author();
    SourceCommit {
        sha,
        subject: text::line(message.lines().next().unwrap_or_default(), MAX_LINE),
        author: text::line(&String::from_utf8_lossy(author.name_bytes()), MAX_LINE),
        picked_from: picked_from(message),
    }
}

fn file(file: &FileDiff) -> FileChange {
    FileChange {
        path: text::line(&file.path, MAX_PATH),
        change: file.change.clone(),
        additions: file.additions as u64,
        deletions: file.deletions as u64,
    }
}

/// What the names of files and the added lines name: a patch is called after what it fixes.
fn advisories_of(diff: &Diff) -> Vec<Advisory> {
    let files = diff.files.iter().map(|file| file.path.as_str());
    let lines = diff.files.iter().flat_map(|file| &file.hunks);
    let lines = lines.flat_map(|hunk| &hunk.lines);
    let added = lines.filter(|line| line.kind == LineKind::Added);
    let texts = files.chain(added.map(|line| line.text.as_str()));
    texts.flat_map(Advisory::find_all).collect()
}
