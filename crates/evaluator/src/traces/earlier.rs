//! What of earlier evaluations holds for a tree.

use std::collections::HashMap;

use super::looks::Looks;
use super::{Digests, Moment, Node, Noted, Notes, Trace};
use crate::jobs::{Evaluated, Job, JobError, Jobs};

/// What of earlier evaluations holds for a tree.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    nodes: HashMap<Node, (Held, Moment)>,
    looks: Looks,
    /// The numbers of what the workers looked at who found it.
    workers: Vec<Vec<u32>>,
}

/// What is known of a node.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    Job(Box<Result<Job, JobError>>),
    Set(Vec<String>),
    Nothing,
}

impl Earlier {
    /// What is known of a node.
    pub(crate) fn get(&self, node: &Node) -> Option<&Held> {
        self.nodes.get(node).map(|(held, _)| held)
    }

    /// Adds what holds of one more evaluation, and is not known yet; says whether all of it holds.
    pub(crate) fn add(
        &mut self,
        evaluated: Evaluated,
        trace: &Trace,
        digests: &mut Digests,
    ) -> bool {
        let unchanged = trace.unchanged(digests);
        let mut jobs = evaluated.jobs;
        let first = u32::try_from(self.workers.len()).unwrap_or(u32::MAX);
        let mut whole = true;
        for (node, (found, moment)) in &trace.nodes {
            let holds = unchanged.get(moment.worker as usize);
            if holds.is_none_or(|until| moment.looks > *until) {
                whole = false;
                continue;
            }
            let Some(held) = held(node, found, &mut jobs) else {
                continue;
            };
            let moment = Moment {
                worker: first.saturating_add(moment.worker),
                looks: moment.looks,
            };
            self.nodes.entry(node.clone()).or_insert((held, moment));
        }
        self.add_workers(trace, &unchanged);
        whole
    }

    fn add_workers(&mut self, trace: &Trace, unchanged: &[u32]) {
        for (worker, looks) in (0..).zip(unchanged) {
            let looks = trace.looks_until(Moment {
                worker,
                looks: *looks,
            });
            let numbers = looks.unwrap_or_default().iter();
            let numbers = numbers.map(|place| self.looks.number(trace.look(*place).clone()));
            self.workers.push(numbers.collect());
        }
    }

    /// Adds to the notes how what was taken over was found, so that it can be taken over again.
    pub(crate) fn complete(self, notes: &mut Notes) {
        let mut numbers = HashMap::new();
        for node in std::mem::take(&mut notes.taken) {
            let Some((held, moment)) = self.nodes.get(&node) else {
                continue;
            };
            let number = *numbers.entry(moment.worker).or_insert_with(|| {
                let looks = self.workers[moment.worker as usize].iter();
                let number = notes.worker();
                notes.end(number, looks.map(|look| self.looks.get(*look).clone()));
                number
            });
            let moment = Moment {
                worker: number,
                looks: moment.looks,
            };
            notes.note(node, held.found(), moment);
        }
    }
}

impl Held {
    fn found(&self) -> Noted {
        match self {
            Self::Job(_) => Noted::Job,
            Self::Set(names) => Noted::Set(names.clone()),
            Self::Nothing => Noted::Nothing,
        }
    }
}

/// What an evaluation says of a node; `None`: it does not, as where files of two evaluations met.
fn held(node: &Node, found: &Noted, jobs: &mut Jobs) -> Option<Held> {
    Some(match found {
        Noted::Job => {
            let name = picket_domain::JobName::parse(node.as_str()).ok()?;
            Held::Job(Box::new(jobs.remove(&name)?))
        }
        Noted::Set(names) => Held::Set(names.clone()),
        Noted::Nothing => Held::Nothing,
    })
}
