//! Pull requests that may be security fixes, as GitHub last showed them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::advisory::Advisory;
use crate::id::{AccountId, BranchName, CommitSha, Login, PrNumber};
use crate::time::Timestamp;

/// A pull request of the watched repository that is, or may be, a security fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its number.
    pub pr: PrNumber,
    /// Its title, as the author wrote it.
    pub title: String,
    /// Its description, as the author wrote it (Markdown).
    pub body: String,
    /// Who opened it, by the name that they went by when GitHub last showed it.
    pub author: Login,
    /// Their account, which stays theirs whatever they are called; `None` where GitHub was last
    /// asked before Picket read it, or does not know any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_id: Option<AccountId>,
    /// The commit that it stands at now. Approvals are bound to it.
    pub head: CommitSha,
    /// The branch that it asks to be merged into.
    pub base_branch: BranchName,
    /// Its page on GitHub.
    pub url: String,
    /// Its labels now.
    pub labels: Vec<String>,
    /// Identifiers of the advisories that its title and its description name.
    #[serde(alias = "advisories")]
    pub named: Vec<Advisory>,
    /// Whether it is open, merged or closed.
    pub upstream: UpstreamState,
    /// Whether its author calls it unfinished.
    #[serde(default)]
    pub is_draft: bool,
    /// What git has of it at its head; `None` until that was read.
    #[serde(default)]
    pub details: Option<Details>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When GitHub last saw a change of it.
    pub updated_at: Timestamp,
}

/// What a pull request has at one head, as git shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its commits, in git's order; of more than 250 the last.
    pub commits: Vec<SourceCommit>,
    /// The files that it changes, by path; of more than 300 the first.
    pub files: Vec<FileChange>,
    /// How many commits it has in all.
    pub all_commits: usize,
    /// How many files it changes in all.
    pub all_files: usize,
    /// Identifiers of the advisories that its commits' messages, the names of its files and its
    /// added lines name.
    pub named: Vec<Advisory>,
}

impl Candidate {
    /// Its commits; none where they were not read yet.
    pub fn commits(&self) -> &[SourceCommit] {
        self.details.as_ref().map_or(&[], |it| &it.commits)
    }

    /// The files that it changes; none where they were not read yet.
    pub fn files(&self) -> &[FileChange] {
        self.details.as_ref().map_or(&[], |it| &it.files)
    }

    /// Identifiers of the advisories that its texts, commits and files name, in alphabetical order.
    pub fn advisories(&self) -> Vec<Advisory> {
        let read = self.details.iter().flat_map(|it| &it.named);
        let all: BTreeSet<_> = self.named.iter().chain(read).collect();
        all.into_iter().cloned().collect()
    }

    /// What was read of a pull request's head and branch holds for another state of it only where
    /// these are the same.
    pub fn has_details_of(&self, other: &Self) -> bool {
        self.head == other.head && self.base_branch == other.base_branch
    }

    /// Whether somebody who goes by this login opened it. Where both accounts are known, they tell:
    /// an author may have another name by now, and somebody else theirs.
    pub fn is_by(&self, login: &Login, account: Option<AccountId>) -> bool {
        match (self.author_id, account) {
            (Some(author), Some(account)) => author == account,
            (None, _) | (_, None) => self.author == *login,
        }
    }
}

/// Where a pull request stands in its own repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UpstreamState {
    /// Not merged yet.
    Open,
    /// Merged into its base branch.
    Merged {
        /// When.
        at: Timestamp,
        /// The commit that merging made: a merge commit, the squashed commit, or the last
        /// rebased one. Only the repository's history tells which.
        commit: Option<CommitSha>,
    },
    /// Closed without a merge.
    Closed,
}

/// One commit of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCommit {
    /// Its id.
    pub sha: CommitSha,
    /// The first line of its message.
    pub subject: String,
    /// The author's name, as git has it.
    pub author: String,
    /// The commits that its message says that it was picked from. Where it was read before Picket
    /// read those, there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub picked_from: Vec<CommitSha>,
}

/// One file that a pull request changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Its path after the change.
    pub path: String,
    /// What happens to it.
    pub change: ChangeKind,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
}

/// What a change does to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// The file goes.
    Removed,
    /// Its content or mode changes.
    Modified,
    /// It moves here from another path.
    Renamed {
        /// The path before.
        from: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_told_by_the_account_and_only_else_by_the_name() {
        let mut candidate = crate::fixtures::candidate(7, "head");
        let is_by = |candidate: &Candidate, name: &str, account: Option<u64>| {
            candidate.is_by(&Login::parse(name).unwrap(), account.map(AccountId))
        };
        for account in [None, Some(77)] {
            assert!(
                is_by(&candidate, "Author", account),
                "of an unknown account"
            );
            assert!(!is_by(&candidate, "renamed", account));
        }
        candidate.author_id = Some(AccountId(41));
        assert!(is_by(&candidate, "author", Some(41)) && is_by(&candidate, "renamed", Some(41)));
        assert!(
            !is_by(&candidate, "author", Some(77)),
            "who took the name over"
        );
        assert!(is_by(&candidate, "author", None) && !is_by(&candidate, "renamed", None));
    }
}
