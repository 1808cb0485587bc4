//! What history says of a conflict: who touched its lines on either side, and what the base lacks.
//!
//! A pull request's commit X conflicts with a base. The two sides parted where X's parent `X^` and
//! the base last had the same history, so what led to the conflict is in two ranges of commits:
//!
//! | range | asked | says |
//! |---|---|---|
//! | `X^..base` | which commits touched our lines of the conflict | what the channel did to them |
//! | `base..X^` | which commits touched X's parent's lines of it | what the pull request stands on, and the base lacks |
//!
//! The lines are those of the merge that conflicted ([`spans`]), with the lines beside them; `git
//! log -L` follows them back through what moved them, and through renames of their file
//! ([`touching`]). Where a conflict is not one of lines, the whole file is asked about: where the
//! base deleted it, who did; where the base never had it, who added it.
//!
//! Of the second range's commits, those of the pull request itself are left out (they are picked
//! before X), and those that the base has under another name, by a `cherry picked from` line of its
//! own. The rest are put together by the pull request that brought them ([`origin`]), and each is
//! tried: picked first, in memory, and the pull request after it ([`trial`]). One that changes
//! nothing is not lacking. If none is enough by itself, they are tried on top of each other, oldest
//! first, and then watched pull requests that change the same files and are not in that history.
//!
//! On nixpkgs, with 9,000 and with 19,000 commits between a release and `master`, the median took
//! one second, the slowest of 66 conflicts five. Changes of files with 10,000 lines take most of it.
//!
//! All of it is bounded: files, commits of a side, trials, git's output, and time. What was found
//! until then is told, and that there is more. Equal repositories give equal answers, if there was
//! time enough. Commit messages and names are somebody else's text: they are shortened, rid of
//! control characters, and never reach git's command line.

mod graph;
mod helpful;
mod inquiry;
mod lines;
mod origin;
mod places;
mod prerequisites;
mod spans;
#[cfg(test)]
mod tests;
mod touched;
mod touching;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use picket_domain::{
    Candidate, CommitSha, Investigation, PrNumber, Prerequisite, ResolvedSet, Together,
    TouchingCommit,
};

use self::graph::Graph;
use self::inquiry::{Inquiry, Range};
use self::origin::Origins;
use self::places::{Place, Places, Sides};
use self::prerequisites::Search;
use self::touched::{listed, touched};
use self::trial::{Bench, Whole};
use crate::conflict::shown::{ConflictedPick, conflicted};
use crate::error::Result;
use crate::merger::Merger;
use crate::pick::fault::own_fault;
use crate::pick::input::Contents;
use crate::snapshot::Snapshot;
use picket_mirror::need_commit;

/// How long history is asked. Nixpkgs' takes a tenth of it.
const TIME: Duration = Duration::from_secs(30);
/// How many conflicting files are looked into.
const MAX_FILES: usize = 10;

impl Merger {
    /// What history says of a candidate's conflict with a base: which commits touched the
    /// conflicting lines on either side, and what the base lacks; nothing where there is no
    /// conflict. `watched` are the pull requests that may be what is lacking, the candidate among
    /// them or not. Nothing is written to the mirror. Takes a second or a few, and gives up what
    /// would take more than half a minute.
    ///
    /// # Errors
    /// As of [`Merger::assess`]; [`MirrorError::Transport`](crate::MirrorError::Transport) where
    /// `git log` fails.
    pub fn investigate(
        &self,
        base: &CommitSha,
        candidate: &Candidate,
        resolved: &ResolvedSet,
        contents: &Contents,
        watched: &BTreeMap<PrNumber, Candidate>,
    ) -> Result<Investigation> {
        let snapshot = self.snapshot()?;
        let bench = Bench::new(self, &snapshot, contents, base)?;
        snapshot.check(&bench.base)?;
        let Some(asked) = bench.whole(candidate, resolved)? else {
            return Ok(Investigation::default());
        };
        let Ok(attempt) = own_fault(asked.attempt(&mut bench.chain()))? else {
            return Ok(Investigation::default());
        };
        let Some(conflicted) = conflicted(&snapshot, &attempt)? else {
            return Ok(Investigation::default());
        };
        let watched = watched.iter().map(|(pr, it)| (*pr, it));
        let case = Case {
            snapshot: &snapshot,
            bench: &bench,
            asked: &asked,
            watched: watched.filter(|(pr, _)| *pr != candidate.pr).collect(),
        };
        case.investigate(&conflicted, TIME)
    }
}

/// What is investigated.
struct Case<'a, 'r> {
    snapshot: &'r Snapshot,
    bench: &'a Bench<'r>,
    /// The pull request that conflicts.
    asked: &'a Whole<'r>,
    /// The others that are watched.
    watched: BTreeMap<PrNumber, &'a Candidate>,
}

impl Case<'_, '_> {
    fn investigate(&self, conflicted: &ConflictedPick, time: Duration) -> Result<Investigation> {
        let repo = &self.snapshot.repo;
        let picked = need_commit(repo, &conflicted.commit)?;
        let parents: Vec<_> = picked.parents().collect();
        // A merge that was resolved by hand stands on nothing but itself.
        let [before] = parents.as_slice() else {
            return Ok(Investigation::default());
        };
        let inquiry = Inquiry::new(self.snapshot, time);
        let sides = Sides::new(repo, &self.bench.base, before, &picked)?;
        let places = places(&inquiry, &sides, conflicted)?;
        let theirs = Range {
            without: self.bench.base.id(),
            tip: before.id(),
        };
        Ok(Investigation {
            base_side: self.base_side(&inquiry, theirs.other_side(), &places.ours)?,
            prerequisites: self.prerequisites(&inquiry, theirs, &places)?,
            is_cut_short: inquiry.is_cut_short(),
        })
    }

    fn base_side(
        &self,
        inquiry: &Inquiry<'_>,
        range: Range,
        places: &[Place],
    ) -> Result<Vec<TouchingCommit>> {
        let touched = touched(inquiry, range, places, |_| true)?;
        if touched.is_empty() {
            return Ok(Vec::new());
        }
        let (repo, graph) = (&self.snapshot.repo, Graph::read(inquiry, range)?);
        let origins = Origins::new(repo, graph.as_ref(), &self.watched);
        let listed = touched.into_iter().map(|touched| {
            let commit = repo.find_commit(touched.id)?;
            let pr = origins.of(&commit)?.pr;
            Ok(listed(&commit, touched.path, pr))
        });
        listed.collect()
    }

    fn prerequisites(
        &self,
        inquiry: &Inquiry<'_>,
        range: Range,
        places: &Places,
    ) -> Result<Vec<Prerequisite>> {
        let search = Search {
            inquiry,
            bench: self.bench,
            asked: self.asked,
            watched: &self.watched,
        };
        let mut found = search.run(range, &places.theirs)?;
        if !found.iter().any(|it| is_enough(&it.together)) {
            let known: BTreeSet<_> = found.iter().filter_map(|it| it.pr).collect();
            let files = places.ours.iter().chain(&places.theirs);
            let paths = files.map(|place| place.path.as_str()).collect();
            found.extend(search.helpful(&paths, &known)?);
        }
        Ok(found)
    }
}

/// Where to look, for all files that conflict.
fn places(inquiry: &Inquiry<'_>, sides: &Sides<'_>, conflicted: &ConflictedPick) -> Result<Places> {
    let mut places = Places::default();
    for (before, file) in conflicted.files.iter().enumerate() {
        // A path that is no text cannot be asked about.
        if before >= MAX_FILES || file.conflict.path.contains('\u{fffd}') {
            inquiry.cut_short();
            continue;
        }
        let Places { ours, theirs } = sides.places(file)?;
        places.ours.extend(ours);
        places.theirs.extend(theirs);
    }
    Ok(places)
}

/// Whether the pull request applies then.
fn is_enough(together: &Together) -> bool {
    match together {
        Together::Clean | Together::CleanAfterEarlier => true,
        Together::PrerequisiteConflicts { .. }
        | Together::StillConflicts { .. }
        | Together::Unknown => false,
    }
}
