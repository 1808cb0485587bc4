//! What the base lacks of the history that a pull request stands on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use git2::Oid;
use picket_domain::{Candidate, PrNumber, Prerequisite, ResolvedSet, Together};

use super::graph::Graph;
use super::inquiry::{Inquiry, Range};
use super::origin::{Origin, Origins};
use super::places::Place;
use super::touched::{Touched, listed, touched};
use super::trial::{Bench, First, Tried, Whole};
use crate::error::Result;

/// How many are tried.
const MAX_TRIED: usize = 8;

/// A search for what a pull request stands on.
pub(super) struct Search<'a, 'r> {
    pub(super) inquiry: &'a Inquiry<'r>,
    pub(super) bench: &'a Bench<'r>,
    /// The pull request.
    pub(super) asked: &'a Whole<'r>,
    /// All others that are watched.
    pub(super) watched: &'a BTreeMap<PrNumber, &'a Candidate>,
}

/// Commits that come together.
struct Group<'r> {
    pr: Option<PrNumber>,
    touched: Vec<Touched>,
    first: First<'r>,
    tried: Option<Tried>,
}

impl<'r> Search<'_, 'r> {
    /// Finds what the base lacks of a range, where that touched these places, oldest first.
    pub(super) fn run(&self, range: Range, places: &[Place]) -> Result<Vec<Prerequisite>> {
        let missing = self.missing(range, places)?;
        let mut groups = self.groups(missing, range)?;
        self.try_each(&mut groups)?;
        groups.retain(|group| group.tried != Some(Tried::Contained));
        if !groups.iter().any(Group::is_enough) {
            self.try_in_a_row(&mut groups)?;
        }
        groups.iter().map(|group| self.told(group)).collect()
    }

    /// The commits of the range that touched the places and that the base does not have by another
    /// name. Those of the pull request itself are no prerequisites of it.
    fn missing(&self, range: Range, places: &[Place]) -> Result<Vec<Touched>> {
        let own: HashSet<_> = self.asked.source.commits.iter().collect();
        touched(self.inquiry, range, places, |id| {
            !own.contains(&id) && !self.asked.known.has_picked(id)
        })
    }

    /// Puts together what a pull request brought together, the oldest commit's first.
    fn groups(&self, mut missing: Vec<Touched>, range: Range) -> Result<Vec<Group<'r>>> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let graph = Graph::read(self.inquiry, range)?;
        if let Some(graph) = &graph {
            missing.sort_by_key(|touched| Reverse(graph.place(touched.id)));
        } else {
            missing.reverse();
        }
        let origins = Origins::new(&self.bench.snapshot.repo, graph.as_ref(), self.watched);
        let (mut groups, mut seen): (Vec<Group<'r>>, HashSet<Oid>) = Default::default();
        for touched in missing {
            if !seen.insert(touched.id) {
                continue;
            }
            let origin = origins.of(&self.bench.snapshot.repo.find_commit(touched.id)?)?;
            if origin
                .merges
                .iter()
                .any(|id| self.asked.known.has_picked(*id))
            {
                continue;
            }
            let mut known = groups.iter_mut();
            match known.find(|group| group.pr.is_some() && group.pr == origin.pr) {
                Some(group) => group.add(touched),
                None => groups.push(self.group(touched, origin)?),
            }
        }
        Ok(groups)
    }

    fn group(&self, touched: Touched, origin: Origin) -> Result<Group<'r>> {
        let watched = origin.pr.and_then(|pr| self.watched.get(&pr));
        let whole = match watched {
            Some(candidate) => self.bench.whole(candidate, &ResolvedSet::default())?,
            None => None,
        };
        // A subject may name any pull request.
        let first = match whole.filter(|whole| whole.has(touched.id)) {
            Some(whole) => First::Whole(Box::new(whole)),
            None => {
                self.asked.known.lacks(&origin.commits);
                First::Commits(origin.commits)
            }
        };
        Ok(Group {
            pr: origin.pr,
            touched: vec![touched],
            first,
            tried: None,
        })
    }

    /// Tries those that are nearest to the pull request.
    fn try_each(&self, groups: &mut [Group<'r>]) -> Result<()> {
        for group in groups.iter_mut().rev().take(MAX_TRIED) {
            if self.inquiry.is_out_of_time() {
                self.inquiry.cut_short();
                break;
            }
            let mut chain = self.bench.chain();
            group.tried = Some(self.bench.run(&mut chain, &group.first, self.asked)?);
        }
        Ok(())
    }

    /// Tries them one on top of the other, up to the first with which the pull request applies.
    fn try_in_a_row(&self, groups: &mut [Group<'r>]) -> Result<()> {
        let mut chain = self.bench.chain();
        let first = groups.len().saturating_sub(MAX_TRIED);
        for (before, group) in groups[first..].iter_mut().enumerate() {
            if self.inquiry.is_out_of_time() {
                self.inquiry.cut_short();
                break;
            }
            let tried = self.bench.run(&mut chain, &group.first, self.asked)?;
            if before > 0 && tried == Tried::Missing(Together::Clean) {
                group.tried = Some(Tried::Missing(Together::CleanAfterEarlier));
                break;
            }
        }
        Ok(())
    }

    fn told(&self, group: &Group<'r>) -> Result<Prerequisite> {
        let commits = group.touched.iter().map(|touched| {
            let commit = self.bench.snapshot.repo.find_commit(touched.id)?;
            Ok(listed(&commit, touched.path.clone(), group.pr))
        });
        Ok(Prerequisite {
            pr: group.pr,
            commits: commits.collect::<Result<_>>()?,
            together: match &group.tried {
                Some(Tried::Missing(together)) => together.clone(),
                Some(Tried::Contained) | None => Together::Unknown,
            },
        })
    }
}

impl Group<'_> {
    fn is_enough(&self) -> bool {
        self.tried == Some(Tried::Missing(Together::Clean))
    }

    /// Takes in a younger commit of the same pull request.
    fn add(&mut self, touched: Touched) {
        if let First::Commits(commits) = &mut self.first
            && !commits.contains(&touched.id)
        {
            commits.push(touched.id);
        }
        self.touched.push(touched);
    }
}
