//! The commits that one side has and the other lacks, as a graph.

use std::collections::HashMap;
use std::ops::ControlFlow;

use git2::Oid;

use super::inquiry::{Inquiry, Range};
use super::lines::Ended;
use crate::error::Result;

/// More commits than there are between any two branches of nixpkgs.
const MAX_COMMITS: usize = 300_000;

/// The commits of a range, each before its parents, otherwise younger ones first.
pub(super) struct Graph {
    ids: Vec<Oid>,
    places: HashMap<Oid, usize>,
    /// `None` for those outside of the range.
    parents: Vec<Vec<Option<usize>>>,
}

/// A merge through which a commit came into the range's tip.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merge {
    /// The merge's place.
    pub(super) at: usize,
    /// The parent by which the commit came.
    by: usize,
}

impl Graph {
    /// Reads a range; `None` where there is not enough time, or it is too large.
    pub(super) fn read(inquiry: &Inquiry<'_>, range: Range) -> Result<Option<Self>> {
        let git = inquiry.git("rev-list").args([
            "--parents",
            "--date-order",
            "--end-of-options",
            &range.to_string(),
            "--",
        ]);
        let mut read = Vec::new();
        let ended = inquiry.lines(git, |line| {
            read.extend(ids(line));
            Ok(match read.len() < MAX_COMMITS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        })?;
        match ended {
            Ended::Complete => Ok(Some(Self::of(read))),
            Ended::Enough | Ended::OutOfTime => {
                inquiry.cut_short();
                Ok(None)
            }
        }
    }

    /// Of commits with their parents, in order.
    fn of(commits: Vec<(Oid, Vec<Oid>)>) -> Self {
        let places = commits.iter().enumerate().map(|(at, (id, _))| (*id, at));
        let places: HashMap<_, _> = places.collect();
        let inside = |parents: &[Oid]| parents.iter().map(|id| places.get(id).copied()).collect();
        let parents = commits.iter().map(|(_, parents)| inside(parents)).collect();
        Self {
            ids: commits.into_iter().map(|(id, _)| id).collect(),
            places,
            parents,
        }
    }

    /// The commit's place in the order; younger commits have lower ones.
    pub(super) fn place(&self, id: Oid) -> Option<usize> {
        self.places.get(&id).copied()
    }

    pub(super) fn id(&self, place: usize) -> Oid {
        self.ids[place]
    }

    /// The merges through which a commit came into the tip: the one on the tip's line of first
    /// parents, then the one on the line of what that merged, and so on to the commit's own line.
    pub(super) fn merges_over(&self, commit: usize) -> Vec<Merge> {
        let has_it = self.descendants(commit);
        let (mut at, mut merges) = (0, Vec::new());
        while at != commit {
            let mut parents = self.parents[at].iter().copied();
            let with = |parent: &Option<usize>| parent.is_some_and(|parent| has_it[parent]);
            match parents.next() {
                Some(Some(first)) if has_it[first] => at = first,
                _ => match parents.find(with).flatten() {
                    Some(by) => {
                        merges.push(Merge { at, by });
                        at = by;
                    }
                    None => break,
                },
            }
        }
        merges
    }

    /// What a merge brought, each after its parents; `None` where that is more than `limit`.
    pub(super) fn brought(&self, merge: &Merge, limit: usize) -> Option<Vec<Oid>> {
        let before = self.ancestors(self.parents[merge.at].first().copied().flatten());
        let after = self.ancestors(Some(merge.by));
        let mut brought: Vec<_> = (merge.by..self.ids.len())
            .filter(|at| after[*at] && !before[*at])
            .take(limit + 1)
            .collect();
        brought.reverse();
        (brought.len() <= limit).then(|| brought.into_iter().map(|at| self.ids[at]).collect())
    }

    /// By place, whether a commit is or descends from this one.
    fn descendants(&self, commit: usize) -> Vec<bool> {
        let mut has_it = vec![false; self.ids.len()];
        has_it[commit] = true;
        for at in (0..commit).rev() {
            has_it[at] = self.parents[at].iter().flatten().any(|at| has_it[*at]);
        }
        has_it
    }

    /// By place, whether this one is or descends from a commit.
    fn ancestors(&self, commit: Option<usize>) -> Vec<bool> {
        let mut is_one = vec![false; self.ids.len()];
        let Some(commit) = commit else {
            return is_one;
        };
        is_one[commit] = true;
        for at in commit..self.ids.len() {
            if is_one[at] {
                for parent in self.parents[at].iter().flatten() {
                    is_one[*parent] = true;
                }
            }
        }
        is_one
    }
}

/// A line of `rev-list --parents`: a commit and its parents.
fn ids(line: &[u8]) -> Option<(Oid, Vec<Oid>)> {
    let mut ids = line.split(|byte| *byte == b' ').map(|id| {
        let text = std::str::from_utf8(id).ok()?;
        Oid::from_str(text).ok()
    });
    let commit = ids.next()??;
    Some((commit, ids.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    /// Master is 9, 6, 3, 1. The merge 6 brought 5 and 4; 9 brought 8, a merge of 7 into 2.
    fn graph() -> Graph {
        let commits: [(u8, &[u8]); 9] = [
            (9, &[6, 8]),
            (8, &[2, 7]),
            (7, &[0]),
            (6, &[3, 5]),
            (5, &[4]),
            (4, &[1]),
            (3, &[1]),
            (2, &[1]),
            (1, &[0]),
        ];
        let commits = commits.map(|(commit, parents)| {
            let parents = parents.iter().map(|n| id(*n)).collect();
            (id(commit), parents)
        });
        Graph::of(commits.to_vec())
    }

    fn over(n: u8) -> Vec<Oid> {
        let graph = graph();
        let merges = graph.merges_over(graph.place(id(n)).unwrap());
        merges.iter().map(|merge| graph.id(merge.at)).collect()
    }

    #[test]
    fn a_commit_came_by_the_oldest_merge_that_has_it() {
        assert_eq!(over(4), [id(6)]);
        assert_eq!(over(5), [id(6)]);
        assert_eq!(over(2), [id(9)]);
        assert_eq!(over(7), [id(9), id(8)]);
        assert_eq!(over(1), []);
        assert_eq!(over(3), []);
        assert_eq!(over(9), []);
    }

    #[test]
    fn a_merge_brought_what_was_not_there_before_it() {
        let graph = graph();
        let brought = |n, limit| {
            let merges = graph.merges_over(graph.place(id(n)).unwrap());
            graph.brought(&merges[0], limit)
        };
        assert_eq!(brought(4, 2), Some(vec![id(4), id(5)]));
        assert_eq!(brought(4, 1), None);
        assert_eq!(brought(7, 9), Some(vec![id(2), id(7), id(8)]));
    }
}
