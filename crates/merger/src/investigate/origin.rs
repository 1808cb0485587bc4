//! Which pull request brought a commit.

use std::collections::BTreeMap;

use git2::{Commit, Oid, Repository};
use picket_domain::{Candidate, PrNumber, UpstreamState};

use super::graph::Graph;
use crate::error::Result;
use picket_mirror::{RawCommit, oid};

/// A merge that brought more than this is one of a branch like `staging`, which tells nothing.
const MAX_COMMITS: usize = 100;

/// How a commit came to where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The pull request that brought it.
    pub(super) pr: Option<PrNumber>,
    /// All that it brought, each commit after its parents.
    pub(super) commits: Vec<Oid>,
    /// The merges over it, the outermost first.
    pub(super) merges: Vec<Oid>,
}

/// What tells where commits came from, the surest first: the merge that brought them, the watched
/// pull requests, and their subject.
pub(super) struct Origins<'r> {
    repo: &'r Repository,
    graph: Option<&'r Graph>,
    watched: BTreeMap<Oid, PrNumber>,
}

impl<'r> Origins<'r> {
    /// `graph` is that of the range that the commits are in.
    pub(super) fn new(
        repo: &'r Repository,
        graph: Option<&'r Graph>,
        watched: &BTreeMap<PrNumber, &Candidate>,
    ) -> Self {
        Self {
            repo,
            graph,
            watched: commits_of(watched),
        }
    }

    /// Where a commit came from.
    pub(super) fn of(&self, commit: &Commit<'_>) -> Result<Origin> {
        let mut origin = Origin {
            pr: None,
            commits: vec![commit.id()],
            merges: Vec::new(),
        };
        if let Some((graph, place)) = self
            .graph
            .and_then(|graph| Some((graph, graph.place(commit.id())?)))
        {
            for merge in graph.merges_over(place) {
                let id = graph.id(merge.at);
                origin.merges.push(id);
                let message = RawCommit::read(self.repo, id)?.message;
                let pr = merged(first_line(&message));
                if origin.pr.is_some() || pr.is_none() {
                    continue;
                }
                if let Some(commits) = graph.brought(&merge, MAX_COMMITS) {
                    (origin.pr, origin.commits) = (pr, commits);
                }
            }
        }
        if origin.pr.is_none() {
            let watched = self.watched.get(&commit.id()).copied();
            // A merge may have been picked as one commit, and keeps its subject then.
            origin.pr = watched.or_else(|| merged(summary(commit)));
        }
        Ok(origin)
    }
}

/// The commits that pull requests are known to have, and to have become.
fn commits_of(watched: &BTreeMap<PrNumber, &Candidate>) -> BTreeMap<Oid, PrNumber> {
    let mut commits = BTreeMap::new();
    for (pr, candidate) in watched {
        let merged = match &candidate.upstream {
            UpstreamState::Merged { commit, .. } => commit.as_ref(),
            UpstreamState::Open | UpstreamState::Closed => None,
        };
        let own = candidate.commits().iter().map(|commit| &commit.sha);
        for id in own.chain(merged) {
            commits.entry(oid(id)).or_insert(*pr);
        }
    }
    commits
}

fn first_line(message: &[u8]) -> &[u8] {
    let mut lines = message.trim_ascii_start().split(|byte| *byte == b'\n');
    lines.next().unwrap_or_default()
}

fn summary<'c>(commit: &'c Commit<'_>) -> &'c [u8] {
    commit.summary_bytes().unwrap_or_default()
}

/// The pull request that a merge's subject names, in the forms that nixpkgs has: `Merge pull
/// request #7 from ada/fix`, `Merge #7: title`, `title (#7)`.
fn merged(subject: &[u8]) -> Option<PrNumber> {
    let rest = subject
        .strip_prefix(b"Merge pull request #")
        .or_else(|| subject.strip_prefix(b"Merge #"));
    match rest {
        Some(rest) => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit());
            number(&rest[..end.unwrap_or(rest.len())])
        }
        None => squashed(subject),
    }
}

/// The pull request that a squashed commit's subject ends in: `title (#7)`.
fn squashed(subject: &[u8]) -> Option<PrNumber> {
    let subject = subject.trim_ascii_end().strip_suffix(b")")?;
    let start = subject.windows(2).rposition(|pair| pair == b"(#")?;
    number(&subject[start + 2..])
}

fn number(digits: &[u8]) -> Option<PrNumber> {
    let is_number = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    number.parse().ok().filter(|pr| *pr != PrNumber(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_name_their_pull_request_in_three_forms() {
        let named = |subject: &str| merged(subject.as_bytes()).map(|pr| pr.0);
        assert_eq!(named("Merge pull request #7 from ada/fix"), Some(7));
        assert_eq!(named("Merge #16488: rawtherapee: 4.0 -> 4.2"), Some(16488));
        assert_eq!(named("foo: 1 -> 2 (#7)"), Some(7));
        assert_eq!(named("Merge branch 'staging-next'"), None);
        assert_eq!(named("Merge pull request # from x"), None);
        assert_eq!(named("foo (#12345678901234567890)"), None);
        assert_eq!(named("foo (#7) again"), None);
    }

    #[test]
    fn a_squashed_commits_subject_ends_in_its_pull_request() {
        let named = |subject: &str| squashed(subject.as_bytes()).map(|pr| pr.0);
        assert_eq!(named("foo: 1 -> 2 (#8) (#9)"), Some(9));
        assert_eq!(named("Merge pull request #7 from ada/fix"), None);
        assert_eq!(named("foo (#0)"), None);
        assert_eq!(named("foo (#7"), None);
        assert_eq!(named(""), None);
    }
}
