//! Watched pull requests that are all that a conflict lacks, though history does not say so: they
//! are not merged yet, or were merged after the pull request was written.

use std::collections::BTreeSet;

use git2::{Commit, DiffFile, DiffOptions, Oid};
use picket_domain::{
    Candidate, ChangeKind, PrNumber, Prerequisite, ResolvedSet, Together, TouchingCommit,
};

use super::prerequisites::Search;
use super::touched::{MAX_COMMITS, listed};
use super::trial::{First, Tried};
use crate::error::Result;

/// How many are tried.
const MAX_TRIED: usize = 8;

impl Search<'_, '_> {
    /// Those that change one of these files and with which, picked first, the pull request
    /// applies, in the order of their numbers; not those that are known.
    pub(super) fn helpful(
        &self,
        paths: &BTreeSet<&str>,
        known: &BTreeSet<PrNumber>,
    ) -> Result<Vec<Prerequisite>> {
        let unknown = self.watched.values().filter(|it| !known.contains(&it.pr));
        let near = unknown.filter(|it| changes_one(it, paths));
        let (mut helpful, mut tried) = (Vec::new(), 0);
        for candidate in near {
            if self.inquiry.is_out_of_time() || tried == MAX_TRIED {
                self.inquiry.cut_short();
                break;
            }
            let none = ResolvedSet::default();
            let Some(whole) = self.bench.whole(candidate, &none)? else {
                continue;
            };
            tried += 1;
            let commits = self.touching(&whole.source.commits, paths, candidate)?;
            let first = First::Whole(Box::new(whole));
            let outcome = self
                .bench
                .run(&mut self.bench.chain(), &first, self.asked)?;
            if outcome == Tried::Missing(Together::Clean) && !commits.is_empty() {
                helpful.push(Prerequisite {
                    pr: Some(candidate.pr),
                    commits,
                    together: Together::Clean,
                });
            }
        }
        Ok(helpful)
    }

    /// Those of a pull request's commits that change one of the files.
    fn touching(
        &self,
        commits: &[Oid],
        paths: &BTreeSet<&str>,
        candidate: &Candidate,
    ) -> Result<Vec<TouchingCommit>> {
        let mut touching = Vec::new();
        for id in commits.iter().take(MAX_COMMITS) {
            let commit = self.bench.snapshot.repo.find_commit(*id)?;
            if let Some(path) = self.changed(&commit, paths)? {
                touching.push(listed(&commit, path, Some(candidate.pr)));
            }
        }
        Ok(touching)
    }

    /// The first of the files that a commit changes, if it changes one and is no merge.
    fn changed(&self, commit: &Commit<'_>, paths: &BTreeSet<&str>) -> Result<Option<String>> {
        if commit.parent_count() > 1 {
            return Ok(None);
        }
        let before = commit.parents().next().map(|parent| parent.tree());
        let mut options = DiffOptions::new();
        options.disable_pathspec_match(true).skip_binary_check(true);
        for path in paths {
            options.pathspec(*path);
        }
        let diff = self.bench.snapshot.repo.diff_tree_to_tree(
            before.transpose()?.as_ref(),
            Some(&commit.tree()?),
            Some(&mut options),
        )?;
        let mut files = diff.deltas().flat_map(|delta| {
            let path = |file: DiffFile<'_>| Some(file.path()?.to_str()?.to_owned());
            [path(delta.new_file()), path(delta.old_file())]
        });
        Ok(files.find_map(|path| path.filter(|path| paths.contains(path.as_str()))))
    }
}

fn changes_one(candidate: &Candidate, paths: &BTreeSet<&str>) -> bool {
    candidate.files().iter().any(|file| {
        let from = match &file.change {
            ChangeKind::Renamed { from } => Some(from.as_str()),
            ChangeKind::Added | ChangeKind::Removed | ChangeKind::Modified => None,
        };
        paths.contains(file.path.as_str()) || from.is_some_and(|from| paths.contains(from))
    })
}
