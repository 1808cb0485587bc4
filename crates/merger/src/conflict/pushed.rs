//! Conflicts that somebody resolved with git, and pushed.

use git2::{Commit, Oid};
use picket_domain::{
    BranchName, Candidate, CommitSha, Conflict, FileMode, PickOutcome, ResolvedContent,
    ResolvedFile, ResolvedSet, Sha256,
};
use picket_treemerge::{ConflictPath, Kind, ObjectId, Objects, Version};

use crate::engine::conflicts;
use crate::error::{MergeError, Result};
use crate::merger::Merger;
use crate::pick::attempt::{Attempt, Clean};
use crate::pick::input::Contents;
use crate::snapshot::{Snapshot, View};
use picket_mirror::{
    GitAddress, changes, contains, entry_at, file_mode, markers_in, object_id, oid, sha,
};

/// How far back on a pushed branch the resolving commit is looked for: more commits than a person
/// picks by hand.
const MAX_COMMITS: usize = 200;
/// The largest file that a pushed commit may resolve, in bytes: several times the largest of
/// nixpkgs, which are lists of packages that nobody writes by hand.
pub const MAX_RESOLVED_FILE: u64 = 16 << 20;
/// How many paths are named in an error.
const MAX_PATHS: usize = 20;

/// What somebody made of a conflict, as a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedResolution {
    /// The pushed commit.
    pub rev: CommitSha,
    /// The pull request's commit that conflicts.
    pub commit: CommitSha,
    /// What the commit makes of the files that conflict.
    pub files: Vec<ResolvedFile>,
    /// The contents of those files.
    pub contents: Contents,
}

impl Merger {
    /// Fetches a branch on which somebody picked a candidate by hand onto `onto`, and reads from
    /// it how the first commit that conflicts was resolved. The commit of the branch that does so
    /// is told by its tree: but for the files that conflict, it is what merges by itself. Whatever
    /// was picked before and after it does not matter. Uses the network.
    ///
    /// # Errors
    /// [`MergeError::NotAResolution`] where no commit of the branch is such a one,
    /// [`MergeError::MarkersLeft`] where conflicts are left in it,
    /// [`MergeError::NothingToResolve`] where nothing conflicts, or not in files alone,
    /// [`MergeError::TooLarge`] where it resolves a file of more than [`MAX_RESOLVED_FILE`] bytes,
    /// [`MergeError::Mirror`] where the branch cannot be had; and as of [`Merger::assess`].
    #[expect(
        clippy::too_many_arguments,
        reason = "where it is, and what is picked onto what, as every pick needs it"
    )]
    pub fn pushed_resolution(
        &self,
        remote: &GitAddress,
        branch: &BranchName,
        base: &CommitSha,
        onto: &CommitSha,
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
    ) -> Result<PushedResolution> {
        let tip = oid(&self.fetch_resolution(remote, candidate.pr, branch)?);
        let snapshot = self.snapshot()?;
        let attempt = self.attempt_onto(&snapshot, (base, onto), candidate, resolved, contents)?;
        let nothing = |reason| MergeError::NothingToResolve {
            pr: candidate.pr,
            reason,
        };
        let Some(Attempt {
            outcome: PickOutcome::Conflict { commit, .. },
            made,
            clean,
            at,
            ..
        }) = attempt
        else {
            return Err(nothing("has no conflict there"));
        };
        let by_names =
            || nothing("conflicts in the names of files, which no file's content settles");
        let clean = clean.ok_or_else(by_names)?;
        let pushed = Pushed {
            snapshot: &snapshot,
            view: snapshot.with(&made),
            commit,
            onto,
            ours: at.tree,
            clean,
        };
        pushed.read(tip)
    }
}

/// A branch that is looked at.
struct Pushed<'a> {
    snapshot: &'a Snapshot,
    view: View<'a>,
    commit: CommitSha,
    onto: &'a CommitSha,
    /// The tree that the commit is picked onto.
    ours: ObjectId,
    clean: Clean,
}

impl Pushed<'_> {
    fn read(&self, tip: Oid) -> Result<PushedResolution> {
        let line = self.own_line(tip)?;
        for commit in line.iter().rev() {
            let tree = object_id(commit.tree_id());
            // What was picked before it may differ in nothing else, and resolves nothing.
            if tree != self.ours && self.others(tree)?.is_empty() {
                return self.resolution(commit);
            }
        }
        let last = self.snapshot.repo.find_commit(tip)?;
        let mut paths = self.others(object_id(last.tree_id()))?;
        if paths.is_empty() {
            let conflicts = self.clean.conflicts.iter();
            paths = conflicts
                .map(|it| String::from_utf8_lossy(&it.path).into_owned())
                .collect();
        }
        Err(MergeError::NotAResolution {
            rev: sha(tip),
            commit: self.commit.clone(),
            onto: self.onto.clone(),
            paths,
        })
    }

    /// The branch's own commits along its first parents, youngest first; at least its tip.
    fn own_line(&self, tip: Oid) -> Result<Vec<Commit<'_>>> {
        let repo = &self.snapshot.repo;
        let mut line = vec![repo.find_commit(tip)?];
        while line.len() < MAX_COMMITS {
            let Some(parent) = line[line.len() - 1].parent_ids().next() else {
                break;
            };
            if contains(repo, oid(self.onto), parent)? {
                break;
            }
            line.push(repo.find_commit(parent)?);
        }
        Ok(line)
    }

    /// The paths in which a tree is not what merges by itself, but for those that conflict.
    fn others(&self, tree: ObjectId) -> Result<Vec<String>> {
        let Some(changes) = changes(&self.view, self.clean.tree, tree)? else {
            return Ok(vec!["more files than can be looked at".to_owned()]);
        };
        let conflicts = |path: &[u8]| self.clean.conflicts.iter().any(|it| it.path == path);
        let others = changes.iter().filter(|change| !conflicts(&change.path));
        let names = others.map(|change| String::from_utf8_lossy(&change.path).into_owned());
        Ok(names.take(MAX_PATHS).collect())
    }

    fn resolution(&self, pushed: &Commit<'_>) -> Result<PushedResolution> {
        let tree = object_id(pushed.tree_id());
        let mut found = PushedResolution {
            rev: sha(pushed.id()),
            commit: self.commit.clone(),
            files: Vec::new(),
            contents: Contents::new(),
        };
        let mut marked = Vec::new();
        for conflict in &self.clean.conflicts {
            let version = entry_at(&self.view, tree, &conflict.path)?;
            let (file, content) = self.file(&found.rev, conflict, version)?;
            if let (Some(result), Some(content)) = (&file.result, content) {
                if result.mode != FileMode::Submodule && self.has_markers(conflict, &content)? {
                    marked.push(file.path.clone());
                }
                found.contents.insert(result.content.clone(), content);
            }
            found.files.push(file);
        }
        match marked.is_empty() {
            true => Ok(found),
            false => Err(MergeError::MarkersLeft {
                rev: found.rev,
                paths: marked,
            }),
        }
    }

    /// What became of a file, and its content.
    fn file(
        &self,
        rev: &CommitSha,
        conflict: &ConflictPath,
        version: Option<Version>,
    ) -> Result<(ResolvedFile, Option<Vec<u8>>)> {
        let as_told = conflicts(std::slice::from_ref(conflict));
        let Some(Conflict { path, versions, .. }) =
            as_told.into_iter().find(Conflict::can_be_resolved)
        else {
            return Err(self.unreadable(rev, &conflict.path));
        };
        let (mut result, mut content) = (None, None);
        if let Some(version) = version {
            let mode = file_mode(version.mode);
            let mode = mode.ok_or_else(|| self.unreadable(rev, &conflict.path))?;
            let bytes = match mode {
                FileMode::Submodule => version.id.to_string().into_bytes(),
                FileMode::Plain | FileMode::Executable | FileMode::Link => {
                    self.check_size(rev, conflict, &version)?;
                    self.view.read(&version.id, Kind::Blob)?.to_vec()
                }
            };
            let id = Sha256::of(&bytes).into();
            result = Some(ResolvedContent { mode, content: id });
            content = Some(bytes);
        }
        let file = ResolvedFile {
            path,
            versions,
            result,
        };
        Ok((file, content))
    }

    fn check_size(&self, rev: &CommitSha, file: &ConflictPath, version: &Version) -> Result<()> {
        if self.view.blob_size(&version.id)? <= MAX_RESOLVED_FILE {
            return Ok(());
        }
        Err(MergeError::TooLarge {
            rev: rev.clone(),
            path: String::from_utf8_lossy(&file.path).into_owned(),
            limit: MAX_RESOLVED_FILE,
        })
    }

    /// A folder in a file's place, or a name that is not text: what a resolution cannot hold.
    fn unreadable(&self, rev: &CommitSha, path: &[u8]) -> MergeError {
        MergeError::NotAResolution {
            rev: rev.clone(),
            commit: self.commit.clone(),
            onto: self.onto.clone(),
            paths: vec![String::from_utf8_lossy(path).into_owned()],
        }
    }

    /// Whether there are conflict markers that neither side had.
    fn has_markers(&self, conflict: &ConflictPath, content: &[u8]) -> Result<bool> {
        let mut markers = markers_in(content);
        for version in conflict.stages.iter().flatten() {
            if !markers.is_empty() && file_mode(version.mode) != Some(FileMode::Submodule) {
                let side = markers_in(&self.view.read(&version.id, Kind::Blob)?);
                markers.retain(|marker| !side.contains(marker));
            }
        }
        Ok(!markers.is_empty())
    }
}
