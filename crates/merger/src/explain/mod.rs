//! How a commit of a chain came to be: everything that it depends on, and how git alone makes it.

use std::fs;

use git2::Commit;
use picket_domain::{CommitSha, FileVersion, Renames, Versions};
use picket_treemerge::{NewObjects, OPTIONS, ObjectId, Options, Outcome, update_tree};
use serde::Serialize;

use crate::engine::{versions, with_renames};
use crate::error::{MergeError, Result};
use crate::history::known::picked_from;
use crate::merger::Merger;
use crate::pick::message;
use crate::snapshot::{Snapshot, View};
use picket_mirror::{MirrorError, at, entry_at, find_commit, need_commit, object_id, sha};

mod steps;

/// How a commit of a chain came to be. Bytes that are not UTF-8 are shown as U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The commit.
    pub commit: CommitSha,
    /// The pull request's commit that it is the pick of.
    pub source: CommitSha,
    /// That one's parent, the base of the merge; the empty tree where it has none.
    pub base: Option<CommitSha>,
    /// The commit that it was picked onto, its parent.
    pub onto: CommitSha,
    /// Its tree: 40 hexadecimal digits.
    pub tree: String,
    /// The merge engine's name and version.
    pub engine: String,
    /// The version of the git that gave the second opinion, as `git version` tells it.
    pub git: String,
    /// The merge's options.
    pub options: Options,
    /// The mirror's own `info/attributes`; empty unless somebody wrote one.
    pub attributes: String,
    /// Whether renames were followed in this merge.
    pub renames: Renames,
    /// The files that conflicted, and what people made of them.
    pub resolved: Vec<ResolvedPath>,
    /// Its author and their date, as in the commit: `Ada <ada@example.org> 1790000180 +0200`.
    pub author: String,
    /// Its committer and the date of the approval, likewise.
    pub committer: String,
    /// The encoding of its message, where the source names one.
    pub encoding: Option<String>,
    /// Its message.
    pub message: String,
}

/// A file that conflicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolvedPath {
    /// The file.
    pub path: String,
    /// The versions that conflicted.
    pub versions: Versions,
    /// What became of it; `None` where it was taken out.
    pub result: Option<FileVersion>,
}

impl Merger {
    /// Explains a commit that [`Merger::assemble`] made. It is merged again for that.
    ///
    /// # Errors
    /// [`MergeError::NotAPick`] where the commit is none, or other inputs than it names came into
    /// it; [`MirrorError::MissingCommit`] where the mirror lacks it or its source.
    pub fn explain(&self, pick: &CommitSha) -> Result<Explanation> {
        let snapshot = self.snapshot()?;
        let commit = need_commit(&snapshot.repo, pick)?;
        let not = |reason| MergeError::NotAPick {
            rev: pick.clone(),
            reason,
        };
        let message = commit.message_raw_bytes();
        let source = picked_from(message).last();
        let source = source.ok_or_else(|| match message::is_carried(message) {
            true => not("it stands in for a pull request, by files that it adds"),
            false => not("its message names no source"),
        })?;
        let source = find_commit(&snapshot.repo, source)?
            .ok_or_else(|| MirrorError::MissingCommit(sha(source)))?;
        let onto = match commit.parents().collect::<Vec<_>>().as_slice() {
            [onto] => onto.clone(),
            _ => return Err(not("it has not one parent")),
        };
        if source.parent_count() > 1 {
            return Err(not("its source is a merge"));
        }
        let made = remade(&snapshot, &commit, (&onto, &source))?;
        let made = made.ok_or_else(|| not("merging its source again comes to another tree"))?;
        Ok(Explanation {
            commit: pick.clone(),
            source: sha(source.id()),
            base: source.parent_ids().next().map(sha),
            onto: sha(onto.id()),
            tree: commit.tree_id().to_string(),
            // All of Picket's crates have one version.
            engine: format!("picket-treemerge {}", env!("CARGO_PKG_VERSION")),
            git: gits_version(&snapshot)?,
            options: OPTIONS,
            attributes: attributes(&snapshot)?,
            renames: made.renames,
            resolved: made.resolved,
            author: header(&commit, "author ").unwrap_or_default(),
            committer: header(&commit, "committer ").unwrap_or_default(),
            encoding: header(&commit, "encoding "),
            message: String::from_utf8_lossy(commit.message_raw_bytes()).into_owned(),
        })
    }
}

/// What a merge came to.
struct Remade {
    renames: Renames,
    resolved: Vec<ResolvedPath>,
}

/// Merges again; `None` where that does not come to the commit's tree.
fn remade(
    snapshot: &Snapshot,
    commit: &Commit<'_>,
    (onto, source): (&Commit<'_>, &Commit<'_>),
) -> Result<Option<Remade>> {
    let base = match source.parent_ids().next() {
        Some(parent) => snapshot.tree_of(parent)?,
        None => ObjectId::EMPTY_TREE,
    };
    let trees = [base, object_id(onto.tree_id()), object_id(source.tree_id())];
    let nothing = NewObjects::default();
    let is = object_id(commit.tree_id());
    Ok(match snapshot.merge(&snapshot.with(&nothing), trees)? {
        Outcome::Merged(merged) => (merged.tree == is).then(|| Remade {
            renames: with_renames(Renames::NotNeeded, &merged.renames),
            resolved: Vec::new(),
        }),
        Outcome::Conflict(found) if found.can_be_settled() => {
            let view = snapshot.with(&found.objects);
            let (mut resolved, mut changes) = (Vec::new(), Vec::new());
            for conflict in &found.paths {
                let result = entry_at(&view, is, &conflict.path)?;
                resolved.push(ResolvedPath {
                    path: String::from_utf8_lossy(&conflict.path).into_owned(),
                    versions: versions(conflict.stages),
                    result: versions([result, None, None]).base,
                });
                changes.push((conflict.path.clone(), result));
            }
            let renames = with_renames(Renames::NotNeeded, &found.renames);
            leads_to(&view, found.tree, &changes, is).then_some(Remade { renames, resolved })
        }
        Outcome::Conflict(_) | Outcome::Unsure(_) => None,
    })
}

type Settled = (Vec<u8>, Option<picket_treemerge::Version>);

fn leads_to(view: &View<'_>, tree: ObjectId, changes: &[Settled], is: ObjectId) -> bool {
    matches!(update_tree(view, tree, changes), Ok((tree, _)) if tree == is)
}

fn gits_version(snapshot: &Snapshot) -> Result<String> {
    let said = snapshot.git("version").output()?;
    let said = String::from_utf8_lossy(&said);
    let version = said.trim().trim_start_matches("git version ");
    Ok(version.chars().take(100).collect())
}

fn attributes(snapshot: &Snapshot) -> Result<String> {
    let path = snapshot.dir().join("info/attributes");
    match fs::read(&path) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(at(path)(error).into()),
    }
}

/// What follows a key in a commit's header.
fn header(commit: &Commit<'_>, key: &str) -> Option<String> {
    let mut lines = commit.raw_header_bytes().split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| line.strip_prefix(key.as_bytes()))?;
    Some(String::from_utf8_lossy(value).into_owned())
}
