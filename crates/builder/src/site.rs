//! What all runs of a builder share.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::base_failures::BaseFailures;
use crate::limits::Limits;
use crate::live::Live;
use crate::logs::Logs;
use crate::schedule::{Durations, Lane, Machines, Slots};
use picket_nix::Nix;

/// What all runs of a builder share. Clones share how much is built at a time.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) nix: Nix,
    pub(crate) limits: Limits,
    pub(crate) logs: Logs,
    pub(crate) live: Live,
    pub(crate) durations: Durations,
    pub(crate) base_failures: BaseFailures,
    /// What the machines take at a time, here and elsewhere, as they were first seen.
    slots: Arc<OnceLock<[Slots; 2]>>,
}

impl Site {
    pub(crate) fn new(nix: Nix, limits: Limits, state_dir: &Path) -> Self {
        let logs = Logs::new(state_dir);
        let within = Duration::from_secs(limits.evaluation.failed_seconds);
        Self {
            nix,
            limits,
            live: Live::new(logs.clone()),
            logs,
            durations: Durations::open(state_dir),
            base_failures: BaseFailures::new(state_dir, within),
            slots: Arc::default(),
        }
    }

    /// The slots of the machines of one lane.
    pub(crate) fn slots(&self, machines: &Machines, lane: Lane) -> &Slots {
        let slots = |lane| Slots::new(machines.jobs(lane));
        let [here, elsewhere] = self.slots.get_or_init(|| Lane::ALL.map(slots));
        match lane {
            Lane::Here => here,
            Lane::Elsewhere => elsewhere,
        }
    }
}
