//! What is still to be looked at, and what was found.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::job_set::job_name;
use crate::jobs::{Job, JobError, Jobs};

/// A node of the job set: its numbers for the walker, its names for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) numbers: Vec<u32>,
    pub(crate) path: Vec<String>,
    /// How often a worker was lost at it by nobody's fault.
    pub(crate) tries: u32,
}

impl Item {
    /// Where a walk begins.
    pub(crate) fn root(number: u32, path: Vec<String>) -> Self {
        Self {
            numbers: vec![number],
            path,
            tries: 0,
        }
    }

    /// Whether a walk begins here.
    pub(crate) fn is_root(&self) -> bool {
        self.numbers.len() == 1
    }

    /// The first of its names: what a set without end is blamed on.
    fn top(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    fn child(&self, number: u32, name: String) -> Self {
        Self {
            numbers: [self.numbers.as_slice(), &[number]].concat(),
            path: [self.path.as_slice(), &[name]].concat(),
            tries: 0,
        }
    }
}

/// How many sets that lie too deep are told of below one first name: more of them come of sets that
/// hold each other, without end.
const DEEP_MAX: u32 = 50;

/// How many items a worker takes at a time, at most.
const SHARE_MAX: usize = 50;

/// The state of an evaluation. Its size is bounded by the number of names that it may have.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<Item>,
    /// Items that need more memory than there was beside others.
    alone: Vec<Item>,
    /// How many items workers are at.
    pub(crate) busy: usize,
    /// The jobs, by the first of their names.
    found: BTreeMap<String, Jobs>,
    /// How many names there are below each first name.
    names: BTreeMap<String, u32>,
    /// How many sets lie too deep below each first name.
    deep: BTreeMap<String, u32>,
    refused: BTreeSet<String>,
    names_max: u32,
    known: u32,
    done: u32,
}

impl Queue {
    pub(crate) fn new(roots: Vec<Item>, names_max: u32) -> Self {
        Self {
            waiting: roots.into(),
            alone: Vec::new(),
            busy: 0,
            found: BTreeMap::new(),
            names: BTreeMap::new(),
            deep: BTreeMap::new(),
            refused: BTreeSet::new(),
            names_max,
            known: 0,
            done: 0,
        }
    }

    /// A share of what is waiting, for one of so many workers.
    pub(crate) fn take(&mut self, seats: usize) -> Vec<Item> {
        let share = (self.waiting.len() / (seats * 8)).clamp(1, SHARE_MAX);
        let share = share.min(self.waiting.len());
        let taken: Vec<_> = self.waiting.drain(..share).collect();
        self.busy += taken.len();
        taken
    }

    /// Whether anything is waiting.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes back what a worker was given and did not get to.
    pub(crate) fn put_back(&mut self, items: Vec<Item>) {
        self.busy -= items.len();
        for item in items.into_iter().rev() {
            self.waiting.push_front(item);
        }
    }

    /// Keeps an item for when there is no other worker.
    pub(crate) fn keep_for_last(&mut self, item: Item) {
        self.busy -= 1;
        self.alone.push(item);
    }

    /// Has what was kept for last wait; says whether there is anything.
    pub(crate) fn take_up_last(&mut self) -> bool {
        self.waiting.extend(std::mem::take(&mut self.alone));
        !self.waiting.is_empty()
    }

    /// An item was looked at, and is no job.
    pub(crate) fn passed(&mut self) {
        self.busy -= 1;
        self.done += 1;
    }

    /// What an item came to.
    pub(crate) fn settle(&mut self, item: &Item, job: Result<Job, JobError>) {
        self.passed();
        if matches!(job, Err(JobError::TooDeep { .. })) {
            let deep = self.deep.entry(item.top().to_owned()).or_default();
            *deep += 1;
            if *deep > DEEP_MAX {
                self.refuse(item.top());
            }
        }
        if !self.refused.contains(item.top()) {
            let jobs = self.found.entry(item.top().to_owned()).or_default();
            jobs.insert(job_name(&item.path), job);
        }
    }

    /// Whether a set with so many names can be looked into. Where it cannot, the first name that has
    /// the most names below it is refused, with all that was found there.
    ///
    /// # Errors
    /// How many names there would be, where that is the job set itself.
    pub(crate) fn announce(&mut self, item: &Item, names: u32) -> Result<bool, u64> {
        if self.refused.contains(item.top()) {
            return Ok(false);
        }
        let all = u64::from(self.known) + u64::from(names);
        if all <= u64::from(self.names_max) {
            self.known += names;
            *self.names.entry(item.top().to_owned()).or_default() += names;
            return Ok(true);
        }
        if item.path.is_empty() {
            return Err(all);
        }
        let mut counts = self.names.clone();
        let here = counts.entry(item.top().to_owned()).or_default();
        *here = here.saturating_add(names);
        counts.remove("");
        let largest = counts.into_iter().max_by_key(|(_, count)| *count);
        if let Some((top, _)) = largest {
            self.refuse(&top);
        }
        // What was refused may have been another one.
        self.announce(item, names)
    }

    fn refuse(&mut self, top: &str) {
        self.refused.insert(top.to_owned());
        self.waiting.retain(|item| item.top() != top);
        let had = self.names.remove(top).unwrap_or(0);
        self.known -= had;
        let most = self.names_max;
        let refused = (job_name(&[top.to_owned()]), Err(JobError::TooMany { most }));
        self.found.insert(top.to_owned(), Jobs::from([refused]));
    }

    /// Some of the names of a set, from a number on, to be looked at next.
    pub(crate) fn discover(&mut self, of: &Item, from: u32, names: Vec<String>) {
        if self.refused.contains(of.top()) {
            return;
        }
        let children: Vec<_> = (from..)
            .zip(names)
            .map(|(number, name)| of.child(number, name))
            .collect();
        for child in children.into_iter().rev() {
            if !self.refused.contains(child.top()) {
                self.waiting.push_front(child);
            }
        }
    }

    /// How many names were looked at, and how many are known.
    pub(crate) fn counts(&self) -> (u32, u32) {
        (self.done, self.known)
    }

    /// All jobs that were found.
    pub(crate) fn into_jobs(self) -> Jobs {
        self.found.into_values().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails() -> Result<Job, JobError> {
        Err(JobError::TooDeep { most: 1 })
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().copied().map(str::to_owned).collect()
    }

    #[test]
    fn a_set_without_end_is_refused_alone() {
        let mut queue = Queue::new(vec![Item::root(0, Vec::new())], 10);
        let root = queue.take(1).remove(0);
        assert_eq!(queue.announce(&root, 2), Ok(true));
        queue.discover(&root, 0, names(&["endless", "ok"]));
        queue.passed();
        let endless = queue.take(1).remove(0);
        assert_eq!(endless.path, ["endless"]);
        assert_eq!(queue.announce(&endless, 8), Ok(true));
        queue.discover(
            &endless,
            0,
            names(&["a", "b", "c", "d", "e", "f", "g", "h"]),
        );
        queue.passed();
        let deeper = queue.take(1).remove(0);
        assert_eq!(deeper.numbers, [0, 0, 0]);
        assert_eq!(queue.announce(&deeper, 8), Ok(false));
        queue.passed();
        let ok = queue.take(1).remove(0);
        assert_eq!(ok.path, ["ok"]);
        queue.settle(&ok, fails());
        assert!(queue.is_empty() && queue.busy == 0);
        let found: Vec<_> = queue
            .into_jobs()
            .into_keys()
            .map(|name| name.to_string())
            .collect();
        assert_eq!(found, ["endless", "ok"]);
    }

    #[test]
    fn a_job_set_that_is_too_large_itself_is_told() {
        let mut queue = Queue::new(vec![Item::root(0, Vec::new())], 10);
        let root = queue.take(1).remove(0);
        assert_eq!(queue.announce(&root, 11), Err(11));
    }
}
