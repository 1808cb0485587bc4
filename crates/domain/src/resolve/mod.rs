//! From the approved picks to the chain that can be released.
//!
//! Conflicts are set aside by the assembly itself. A pick that breaks the build is found here, by
//! bisection over the chain's own commits: the base passes by definition, so somewhere in the
//! chain a commit that passes is followed by one that fails, and the pick between them is the
//! culprit. The chain without it is resolved in the same way. Nothing of the search is stored:
//! each build's record is, and the search is done again from those at every look.
//!
//! Nobody waits for somebody else:
//! - a pick whose build fails by the machine's fault is left out until its next try is due, and
//!   then tried again in its place;
//! - where a build runs for long, what is not in it is resolved beside it ([`Resolution::beside`]);
//! - where a newer head of a pull request is what conflicts or breaks, the head that servers have
//!   takes its place: setting it aside altogether would take a fix away from them;
//! - where a new base would take a fix away from servers, the channel goes on, on the base that it
//!   has ([`Resolution::held`]).

mod chain;
mod examine;
mod loss;
mod wanted;

use crate::assembly::{Assembly, PickResult, PickedCommit};
use crate::audit::Actor;
use crate::base::Base;
use crate::chain_spec::{ApprovedPick, ChainSpec};
use crate::facts::{Facts, OnBase};
use crate::failure::FailureCause;
use crate::id::{CommitSha, JobName, PrNumber};
use crate::release::ReleasedPick;
use crate::time::Timestamp;

pub use loss::{HeldBase, LostFix, MissedFix};

/// How far the approved picks are on their way to a chain that can be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// As of when it is.
    pub as_of: Timestamp,
    /// The base that the picks go on; `None` until the stable channel was first fetched.
    pub base: Option<Base>,
    /// The approved picks, in order of approval; of a pull request whose newer head cannot be
    /// released, that of the head that servers have.
    pub wanted: Vec<ApprovedPick>,
    /// The picks that were set aside because of their builds.
    pub culprits: Vec<Culprit>,
    /// Approved heads that do not apply, and in whose place an earlier one stays released.
    pub passed_over: Vec<PickResult>,
    /// The picks that were set aside because too few people approved of what they change here.
    pub stale: Vec<StalePick>,
    /// The newest assembly of what is left, where it was made.
    pub assembly: Option<Assembly>,
    /// As much of that assembly, from its start, as is known to pass.
    pub ready: Option<Ready>,
    /// What is to be done next.
    pub next: Next,
    /// What can be released without waiting for a build that runs for long: the same without the
    /// picks that are in that build and that servers do not have.
    pub beside: Option<Box<Resolution>>,
    /// Why the channel stays on the base of its current release, where it does.
    pub held: Option<HeldBase>,
}

/// The start of a chain that is known to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Its last commit; the base where it has no pick.
    pub tip: CommitSha,
    /// Its picks, in order.
    pub picks: Vec<ReleasedPick>,
}

/// A pick that was set aside because of its build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// The pick.
    pub pick: ApprovedPick,
    /// The commit whose build shows it.
    pub rev: CommitSha,
    /// What its build came to.
    pub setback: Setback,
}

/// What a pick's build came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// It breaks these jobs; none where the job set does not evaluate any more.
    Breaks(Vec<JobName>),
    /// It failed by the machine's setback, and is tried again soon.
    Waits {
        /// When.
        until: Timestamp,
    },
    /// It failed by the machine's fault as often as the policy tries; given up for now.
    GivenUp {
        /// When it is tried again.
        until: Timestamp,
        /// The jobs that failed; none where the evaluation itself did not come to an end.
        jobs: Vec<JobName>,
        /// Why the first of them did, the last time.
        cause: Option<FailureCause>,
    },
    /// No machine builds these jobs.
    NoMachine(Vec<JobName>),
    /// A person stopped it.
    Cancelled {
        /// Who.
        by: Actor,
    },
}

impl Setback {
    /// When the pick is tried again, if it is.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::Breaks(_) | Self::NoMachine(_) | Self::Cancelled { .. } => None,
            Self::Waits { until } | Self::GivenUp { until, .. } => Some(*until),
        }
    }
}

/// A pick that changes something else than what people approved: the base, or a pick before it,
/// is not what it was, or a conflict was resolved otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalePick {
    /// The pick.
    pub pick: ApprovedPick,
    /// What it is here.
    pub commits: Vec<PickedCommit>,
    /// How many more people have to approve of that; at least 1.
    pub missing: u32,
}

/// The next thing to do for a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The stable channel was not fetched yet.
    NoBase,
    /// The chain is to be assembled.
    Assemble(ChainSpec),
    /// A commit of the chain is to be built.
    Build(CommitSha),
    /// Nothing: the whole chain passes.
    Nothing,
}

impl Resolution {
    /// Whether a base is held back because servers would lose this fix on it.
    pub fn would_lose(&self, pr: PrNumber) -> bool {
        let held = self.held.iter();
        held.flat_map(|held| &held.lost).any(|fix| fix.pr == pr)
    }

    fn of(facts: &Facts, base: Option<&Base>, as_of: Timestamp) -> Self {
        Self {
            as_of,
            base: base.cloned(),
            wanted: wanted::wanted(facts),
            culprits: Vec::new(),
            passed_over: Vec::new(),
            stale: Vec::new(),
            assembly: None,
            ready: None,
            next: Next::NoBase,
            beside: None,
            held: None,
        }
    }

    /// This one, what is resolved beside it, and the same on the base that is held back to, where
    /// there is one.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        let held = self.held.iter().map(|held| &*held.resolution);
        std::iter::once(self)
            .chain(held)
            .flat_map(|it| std::iter::once(it).chain(it.beside.as_deref()))
    }

    /// The resolution that releases come from.
    pub fn released_from(&self) -> &Self {
        match &self.held {
            Some(held) => &held.resolution,
            None => self,
        }
    }

    /// The pull requests of the chain that this is about.
    pub(crate) fn wanted_of_chain(&self) -> impl Iterator<Item = PrNumber> {
        let assembled = self.assembly.iter().flat_map(|it| &it.picks);
        let to_assemble = match &self.next {
            Next::Assemble(spec) => spec.picks.as_slice(),
            Next::NoBase | Next::Build(_) | Next::Nothing => &[],
        };
        let to_assemble = to_assemble.iter().map(|pick| pick.pr);
        assembled.map(|pick| pick.pr).chain(to_assemble)
    }

    /// When a pick is tried again that was set aside by the machine's setback.
    pub fn retry_at(&self) -> Option<Timestamp> {
        let culprits = self.all().flat_map(|it| &it.culprits);
        culprits.filter_map(|it| it.setback.retry_at()).min()
    }
}

/// Facts, as far as they are of one base.
#[derive(Clone, Copy)]
struct View<'a> {
    facts: &'a Facts,
    on: &'a OnBase,
    now: Timestamp,
}

/// Works out how far the approved picks are.
pub fn resolve(facts: &Facts, now: Timestamp) -> Resolution {
    let Some(on) = &facts.today else {
        return Resolution::of(facts, None, now);
    };
    let mut today = chain::resolve(View { facts, on, now });
    if let Some(on) = &facts.released {
        today.held = loss::held(View { facts, on, now }, &today);
    }
    today
}
