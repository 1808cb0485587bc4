//! A conflict with all that a person needs to settle it.

use git2::{Commit, Oid, Repository};
use picket_domain::{
    BlobId, Candidate, CommitSha, Conflict, FileMode, FileVersion, Form, PickOutcome, ResolvedSet,
    Timestamp,
};
use picket_treemerge::{Kind, Objects};

use crate::error::Result;
use crate::history::known::picked_from;
use crate::merger::Merger;
use crate::pick::attempt::Attempt;
use crate::pick::input::{Contents, unapproved};
use crate::snapshot::Snapshot;
use picket_mirror::{RawCommit, need_commit, oid, walk};

/// More commits than a chain has.
const MAX_CHAIN: usize = 10_000;
/// How much of a commit's first line is told, in characters.
const MAX_SUBJECT: usize = 200;

/// The first commit of a pull request that conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictedPick {
    /// The pull request's commit.
    pub commit: CommitSha,
    /// The first line of its message, 200 characters of it.
    pub subject: String,
    /// The files that conflict, ordered by path; never empty.
    pub files: Vec<ConflictedFile>,
}

/// A file that conflicts. The contents are of the conflict's versions: `None` where a side lacks
/// the file, has a submodule, or where it is not a conflict of one file's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictedFile {
    /// The conflict.
    pub conflict: Conflict,
    /// The content in the parent of the pull request's commit.
    pub base: Option<Vec<u8>>,
    /// The content in what the commit is picked onto.
    pub ours: Option<Vec<u8>>,
    /// The content in the pull request's commit.
    pub theirs: Option<Vec<u8>>,
}

impl Merger {
    /// Picks a candidate again, in memory, onto `onto` (the base, or a commit of a chain on it) up
    /// to the first commit that conflicts. `None` where none does.
    ///
    /// # Errors
    /// As of [`Merger::assess`].
    pub fn conflicts(
        &self,
        base: &CommitSha,
        onto: &CommitSha,
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
    ) -> Result<Option<ConflictedPick>> {
        let snapshot = self.snapshot()?;
        let attempt = self.attempt_onto(&snapshot, (base, onto), candidate, resolved, contents)?;
        match attempt {
            Some(attempt) => conflicted(&snapshot, &attempt),
            None => Ok(None),
        }
    }

    /// Picks a candidate onto a commit of a chain; `None` where it cannot be picked at all.
    pub(crate) fn attempt_onto(
        &self,
        snapshot: &Snapshot,
        (base, onto): (&CommitSha, &CommitSha),
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
    ) -> Result<Option<Attempt>> {
        let commit = need_commit(&snapshot.repo, onto)?;
        let at = Timestamp::from_unix(commit.time().seconds());
        let pick = unapproved(candidate, at, (resolved, &Form::AsIs));
        let mut chain = self.chain(snapshot, contents, &commit);
        chain.has_picked(picked_between(&snapshot.repo, oid(base), commit.id())?);
        let attempt = self.attempt(snapshot, &mut chain, base, &pick, candidate)?;
        Ok(attempt.ok())
    }
}

/// The commits that were picked onto a base on the way to a chain's commit.
fn picked_between(repo: &Repository, base: Oid, onto: Oid) -> Result<Vec<Oid>> {
    let mut picked = Vec::new();
    for id in walk(repo, &[onto], &[base], MAX_CHAIN)? {
        picked.extend(picked_from(&RawCommit::read(repo, id)?.message));
    }
    Ok(picked)
}

/// The conflict that an attempt ended at; `None` where it did not end at one.
pub(crate) fn conflicted(snapshot: &Snapshot, attempt: &Attempt) -> Result<Option<ConflictedPick>> {
    let PickOutcome::Conflict {
        commit, conflicts, ..
    } = &attempt.outcome
    else {
        return Ok(None);
    };
    let view = snapshot.with(&attempt.made);
    let files = conflicts.iter().map(|conflict| file(&view, conflict));
    Ok(Some(ConflictedPick {
        commit: commit.clone(),
        subject: subject(&need_commit(&snapshot.repo, commit)?),
        files: files.collect::<Result<_>>()?,
    }))
}

fn file(objects: &impl Objects, conflict: &Conflict) -> Result<ConflictedFile> {
    let content = |version: &Option<FileVersion>| match version {
        None => Ok(None),
        Some(version) if version.mode == FileMode::Submodule => Ok(None),
        Some(version) => read(objects, &version.blob).map(Some),
    };
    let versions = &conflict.versions;
    Ok(ConflictedFile {
        base: content(&versions.base)?,
        ours: content(&versions.ours)?,
        theirs: content(&versions.theirs)?,
        conflict: conflict.clone(),
    })
}

fn read(objects: &impl Objects, blob: &BlobId) -> Result<Vec<u8>> {
    let id = blob.as_str().parse();
    let id = id.expect("a blob id is 40 hexadecimal digits");
    Ok(objects.read(&id, Kind::Blob)?.to_vec())
}

/// The first line of a message, without control characters.
pub(crate) fn subject(commit: &Commit<'_>) -> String {
    let message = commit.message_bytes();
    let line = message
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(4 * MAX_SUBJECT)]);
    let line = line.chars().filter(|c| !c.is_control());
    line.take(MAX_SUBJECT).collect()
}
