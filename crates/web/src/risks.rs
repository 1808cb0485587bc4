//! How urgent each candidate is, worked out once for all who look at the queue.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use picket_domain::{Candidate, ChannelName, Facts, PrNumber};
use picket_evidence::{Advised, Known, Risk};
use picket_recognise::bumps;

/// The risks of every channel's candidates, as they were when somebody looked last.
///
/// To ask every source about ten thousand candidates takes some ten milliseconds: that is done once
/// when a source was read again, and for a candidate once when it changed.
#[derive(Debug, Default)]
pub struct Risks(Mutex<BTreeMap<ChannelName, Arc<RiskTable>>>);

/// The risks of one channel's candidates at one moment.
#[derive(Debug, Default)]
pub(crate) struct RiskTable {
    known: Arc<Known>,
    facts: Weak<Facts>,
    /// Candidates with what they risk, where anything is known at all.
    of_pr: HashMap<PrNumber, (Arc<Candidate>, Risk)>,
}

impl Risks {
    /// The risks of a channel's candidates by what is known now.
    pub(crate) fn table(&self, facts: &Arc<Facts>, known: &Arc<Known>) -> Arc<RiskTable> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = tables.entry(facts.policy.channel.clone()).or_default();
        if !last.is_of(facts, known) {
            *last = Arc::new(last.next(facts, known));
        }
        Arc::clone(last)
    }
}

impl RiskTable {
    /// How much is at risk while a candidate waits.
    pub(crate) fn of(&self, candidate: &Candidate) -> Risk {
        let found = self.of_pr.get(&candidate.pr);
        found.map_or_else(Risk::default, |(_, risk)| *risk)
    }

    fn is_of(&self, facts: &Arc<Facts>, known: &Arc<Known>) -> bool {
        Arc::ptr_eq(&self.known, known) && Weak::ptr_eq(&self.facts, &Arc::downgrade(facts))
    }

    fn next(&self, facts: &Arc<Facts>, known: &Arc<Known>) -> Self {
        let is_same = Arc::ptr_eq(&self.known, known);
        let kept = |candidate: &Arc<Candidate>| {
            let (of, risk) = self.of_pr.get(&candidate.pr)?;
            (is_same && Arc::ptr_eq(of, candidate)).then_some(*risk)
        };
        let entry = |candidate: &Arc<Candidate>| {
            let risk = kept(candidate).unwrap_or_else(|| risk(known, candidate));
            (candidate.pr, (Arc::clone(candidate), risk))
        };
        let candidates = facts.candidates.values().filter(|_| !known.is_empty());
        Self {
            known: Arc::clone(known),
            facts: Arc::downgrade(facts),
            of_pr: candidates.map(entry).collect(),
        }
    }
}

/// How much is at risk while a candidate waits, by what it names and by what names it.
pub(crate) fn risk(known: &Known, candidate: &Candidate) -> Risk {
    let read = candidate.details.iter().flat_map(|it| &it.named);
    let advised = advised(known, candidate);
    let advised = advised.iter().filter_map(|it| it.record.own());
    known.risk(candidate.named.iter().chain(read).chain(advised))
}

/// The advisories that name a version of a candidate's bump as the fix, and that it does not name.
pub(crate) fn advised<'k>(known: &'k Known, candidate: &Candidate) -> Vec<Advised<'k>> {
    let bumps = bumps(&candidate.title, candidate.base_branch.as_str());
    let advised = bumps
        .iter()
        .flat_map(|it| known.advised(it.package, it.from, it.to));
    let mut advised: Vec<_> = advised.collect();
    if !advised.is_empty() {
        let named = candidate.advisories();
        advised.retain(|it| !named.iter().any(|id| it.is_about(id)));
    }
    advised
}
