//! What is noted while an evaluation is under way.

use std::collections::BTreeMap;

use picket_reads::Look;

use super::looks::Looks;
use super::{Moment, Node, Noted};

/// The nodes that were found, and what each worker looked at.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(super) looks: Looks,
    /// The numbers of what each worker looked at, in order; of one that is at work, none yet.
    pub(super) workers: Vec<Vec<u32>>,
    pub(super) nodes: BTreeMap<Node, (Noted, Moment)>,
    /// The nodes that were taken over.
    pub(super) taken: Vec<Node>,
}

impl Notes {
    /// A number for another worker.
    pub(crate) fn worker(&mut self) -> u32 {
        self.workers.push(Vec::new());
        u32::try_from(self.workers.len() - 1).expect("there are fewer workers than names")
    }

    /// What a worker has looked at by its end.
    pub(crate) fn end(&mut self, worker: u32, looks: impl IntoIterator<Item = Look>) {
        let numbers = looks.into_iter().map(|look| self.looks.number(look));
        self.workers[worker as usize] = numbers.collect();
    }

    /// Notes that a node is what it was found to be earlier.
    pub(crate) fn take_over(&mut self, node: Node) {
        self.taken.push(node);
    }

    /// How many nodes were taken over.
    pub(crate) fn taken_over(&self) -> u32 {
        u32::try_from(self.taken.len()).unwrap_or(u32::MAX)
    }

    /// Notes what is at a node, found by a worker that had looked at so much.
    pub(crate) fn note(&mut self, node: Node, found: Noted, moment: Moment) {
        self.nodes.insert(node, (found, moment));
    }
}
