//! A line of development: commits written one upon the other.

use anyhow::{Context, Result, bail};
use git2::{Commit, MergeOptions, Oid, Repository};

use super::commit::{self, Authorship, BRAM, Edit, GITHUB, Person};

/// The end of a line of development, which moves as commits are written.
pub(super) struct Line<'r> {
    repository: &'r Repository,
    tip: Oid,
}

impl<'r> Line<'r> {
    /// Goes on from a commit.
    pub(super) fn from(repository: &'r Repository, tip: Oid) -> Self {
        Self { repository, tip }
    }

    pub(super) fn tip(&self) -> Oid {
        self.tip
    }

    fn commit_at_tip(&self) -> Result<Commit<'r>> {
        Ok(self.repository.find_commit(self.tip)?)
    }

    /// The text of a file at the end of the line.
    pub(super) fn text_of(&self, path: &str) -> Result<String> {
        let entry = self.commit_at_tip()?.tree()?.get_path(path.as_ref())?;
        let blob = self.repository.find_blob(entry.id())?;
        Ok(String::from_utf8(blob.content().to_owned())?)
    }

    /// Changes files.
    pub(super) fn commit(&mut self, person: Person, message: &str, edits: &[Edit]) -> Result<Oid> {
        let parent = self.commit_at_tip()?;
        let tree = commit::edited(self.repository, &parent.tree()?, edits)?;
        self.tip = commit::write_by(self.repository, &[&parent], tree, person, message)?;
        Ok(self.tip)
    }

    /// Merges a pull request.
    pub(super) fn merge(&mut self, head: Oid, message: &str) -> Result<Oid> {
        let (ours, theirs) = (self.commit_at_tip()?, self.repository.find_commit(head)?);
        let mut index =
            self.repository
                .merge_commits(&ours, &theirs, Some(&MergeOptions::new()))?;
        if index.has_conflicts() {
            bail!("{head} conflicts with what it is to be merged into");
        }
        let tree = index.write_tree_to(self.repository)?;
        let author = BRAM.at(commit::time_after(&[&ours, &theirs]))?;
        let authorship = Authorship {
            author: &author,
            committer: GITHUB,
        };
        self.tip = commit::write(
            self.repository,
            &[&ours, &theirs],
            tree,
            authorship,
            message,
        )?;
        Ok(self.tip)
    }

    /// Applies a commit as `git cherry-pick -x` does. A commit that changes nothing here is left
    /// out.
    pub(super) fn pick(&mut self, picked: Oid) -> Result<Oid> {
        let (ours, theirs) = (self.commit_at_tip()?, self.repository.find_commit(picked)?);
        let mut index = self.repository.cherrypick_commit(&theirs, &ours, 0, None)?;
        if index.has_conflicts() {
            bail!("{picked} does not pick cleanly onto {}", self.tip);
        }
        let tree = index.write_tree_to(self.repository)?;
        if tree == ours.tree_id() {
            return Ok(self.tip);
        }
        let message = theirs.message().context("a message is UTF-8")?;
        let message = format!(
            "{}\n\n(cherry picked from commit {picked})\n",
            message.trim_end()
        );
        let authorship = Authorship {
            author: &theirs.author(),
            committer: BRAM,
        };
        self.tip = commit::write(self.repository, &[&ours], tree, authorship, &message)?;
        Ok(self.tip)
    }
}
