//! One channel's facts, and what they come to.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use picket_domain::{
    ChannelName, Facts, PickStatus, Plan, Ports, PrNumber, Resolution, Timestamp, plan_of, resolve,
    status,
};

/// A channel at one moment.
///
/// What follows from its facts takes time in proportion to its candidates: some milliseconds for
/// ten thousand. It is worked out by whoever asks first, and kept.
#[derive(Debug)]
pub struct ChannelSnapshot {
    facts: Arc<Facts>,
    now: Timestamp,
    outlook: OnceLock<Outlook>,
    statuses: OnceLock<Statuses>,
    ports: OnceLock<Ports>,
}

#[derive(Debug)]
struct Outlook {
    resolution: Arc<Resolution>,
    plan: Arc<Plan>,
}

#[derive(Debug, Default)]
struct Statuses {
    of_pr: BTreeMap<PrNumber, PickStatus>,
    by_name: BTreeMap<&'static str, Vec<PrNumber>>,
}

impl ChannelSnapshot {
    pub(crate) fn new(facts: Facts, now: Timestamp) -> Self {
        Self {
            facts: Arc::new(facts),
            now,
            outlook: OnceLock::new(),
            statuses: OnceLock::new(),
            ports: OnceLock::new(),
        }
    }

    /// The channel.
    pub fn name(&self) -> &ChannelName {
        &self.facts.policy.channel
    }

    /// What is known.
    pub fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// The time that everything here is worked out for.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How far the approved picks are.
    pub fn resolution(&self) -> &Arc<Resolution> {
        &self.outlook().resolution
    }

    /// What is to be done.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.outlook().plan
    }

    /// Where a candidate is; `None` where there is no such candidate.
    pub fn status(&self, pr: PrNumber) -> Option<&PickStatus> {
        self.statuses().of_pr.get(&pr)
    }

    /// Where each candidate is, by number.
    pub fn statuses_by_pr(&self) -> &BTreeMap<PrNumber, PickStatus> {
        &self.statuses().of_pr
    }

    /// The candidates that are in this state, by number; see [`PickStatus::name`].
    pub fn in_state(&self, name: &str) -> &[PrNumber] {
        let found = self.statuses().by_name.get(name);
        found.map_or(&[], Vec::as_slice)
    }

    /// How many candidates are in each state in which there is one.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let by_name = self.statuses().by_name.iter();
        by_name.map(|(name, prs)| (*name, prs.len()))
    }

    /// Which candidates are ports of which.
    pub fn ports(&self) -> &Ports {
        self.ports.get_or_init(|| Ports::of(&self.facts))
    }

    /// Whether what was worked out is out of date by now, although no fact has changed: something
    /// was to be waited for, and that is over.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let outlook = self.outlook.get();
        let wake_at = outlook.and_then(|outlook| outlook.plan.wake_at);
        wake_at.is_some_and(|at| self.now < at && at <= now)
    }

    fn outlook(&self) -> &Outlook {
        self.outlook.get_or_init(|| {
            let resolution = resolve(&self.facts, self.now);
            Outlook {
                plan: Arc::new(plan_of(&self.facts, &resolution, self.now)),
                resolution: Arc::new(resolution),
            }
        })
    }

    fn statuses(&self) -> &Statuses {
        self.statuses.get_or_init(|| {
            let mut statuses = Statuses::default();
            for candidate in self.facts.candidates.values() {
                let status = status(&self.facts, self.resolution(), candidate);
                let alike = statuses.by_name.entry(status.name()).or_default();
                alike.push(candidate.pr);
                statuses.of_pr.insert(candidate.pr, status);
            }
            statuses
        })
    }
}
