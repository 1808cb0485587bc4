//! What is to be done, from what is here, what the record says and what is there: pure.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::Sha256;

use crate::ledger::{Entry, Ledger, State};
use crate::scan::{Kind, LocalFile, Snapshot, Turn};

/// What is to be done with files. Channels are looked at after it.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Files to write, those first that others name.
    pub(crate) sends: Vec<Send>,
    /// Files that a killed run wrote, and did not write down.
    pub(crate) found: Vec<String>,
    /// Keys to remove, those first that name others.
    pub(crate) removals: Vec<String>,
    /// Files that are there.
    pub(crate) unchanged: u64,
}

/// A file that is to be there.
#[derive(Debug, Clone)]
pub(crate) struct Send {
    pub(crate) file: LocalFile,
    /// The hash of what is there, of the same size. A file that has it need not be sent.
    pub(crate) there: Option<Sha256>,
    /// What the record says of it until it is.
    pub(crate) state: State,
}

/// What is there, by key, with its size: `None` where it was not looked.
pub(crate) type Listing = Option<BTreeMap<String, u64>>;

pub(crate) fn plan(here: &Snapshot, ledger: &Ledger, listing: &Listing) -> Plan {
    let mut plan = Plan::default();
    let mut kept = BTreeSet::new();
    for file in &here.files {
        kept.insert(file.key.as_str());
        let entry = ledger.objects.get(&file.key);
        match verdict(file, entry, listing) {
            Verdict::There => plan.unchanged += 1,
            Verdict::Found => plan.found.push(file.key.clone()),
            Verdict::Send { there, state } => plan.sends.push(Send {
                file: file.clone(),
                there,
                state,
            }),
        }
    }
    // A stable sort: within a turn by key.
    plan.sends.sort_by_key(|send| send.file.kind.turn());
    // A log only grows; where it is lost here, what is there is what it is restored from.
    let is_of_log = |key: &str| matches!(Kind::of(key), Some(Kind::Log(_)));
    let gone = ledger
        .objects
        .keys()
        .filter(|key| !kept.contains(key.as_str()) && !is_of_log(key));
    plan.removals = gone.cloned().collect();
    plan.removals
        .sort_by_key(|key| std::cmp::Reverse(turn_of(key)));
    plan
}

/// What a run put there has a key of ours, unless somebody wrote the record by hand.
pub(crate) fn turn_of(key: &str) -> Option<Turn> {
    Kind::of(key).map(|kind| kind.turn())
}

enum Verdict {
    There,
    Found,
    Send { there: Option<Sha256>, state: State },
}

fn verdict(file: &LocalFile, entry: Option<&Entry>, listing: &Listing) -> Verdict {
    let size = |all: &BTreeMap<String, u64>| all.get(&file.key).copied();
    let listed = listing.as_ref().map(size);
    // Of what it was not looked for, the record is believed.
    let is_listed = listed.is_none_or(|it| it == Some(file.size));
    let is_same_file = |entry: &Entry| (entry.size, entry.modified) == (file.size, file.modified);
    let state = match (listed, entry) {
        (Some(None), _) | (None, None) => State::Coming,
        (Some(Some(_)), _) | (None, Some(_)) => State::Replacing,
    };
    match entry {
        Some(entry) if entry.state == State::There && is_listed => {
            if is_same_file(entry) {
                return Verdict::There;
            }
            let there = entry.sha256.filter(|_| entry.size == file.size);
            Verdict::Send { there, state }
        }
        Some(entry)
            if entry.state == State::Coming
                && is_same_file(entry)
                && listed == Some(Some(file.size)) =>
        {
            Verdict::Found
        }
        Some(_) | None => Verdict::Send { there: None, state },
    }
}
