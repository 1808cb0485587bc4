//! How much memory a worker may have, and how much it may write.

use std::sync::atomic::{AtomicU64, Ordering};

use super::under_way::UnderWay;
use crate::worker::{Warden, Worker};

/// How much more an evaluation may write than a job. Registering a derivation writes some tens of
/// kilobytes to the store's database, and a package set has tens of thousands of them.
const DISK_FACTOR: u64 = 64;

/// Watches a worker at one question.
pub(super) struct Guard<'a, 'b> {
    work: &'b UnderWay<'a>,
    seat: usize,
    /// Bytes that it had written before.
    written: u64,
    last_written: AtomicU64,
}

impl<'a, 'b> Guard<'a, 'b> {
    pub(super) fn of(work: &'b UnderWay<'a>, seat: usize, worker: &Worker) -> Self {
        Self {
            work,
            seat,
            written: worker.written(),
            last_written: AtomicU64::new(0),
        }
    }

    /// Bytes that it had written when it was last looked at.
    pub(super) fn last_written(&self) -> u64 {
        self.last_written.load(Ordering::Relaxed)
    }
}

impl Warden for Guard<'_, '_> {
    fn has_too_much(&self, memory: u64) -> bool {
        self.work.peak.fetch_max(memory, Ordering::Relaxed);
        let Some(most) = self.work.limits.memory() else {
            return false;
        };
        let mut memories = self.work.memories();
        memories.insert(self.seat, memory);
        let all: u64 = memories.values().sum();
        all > most && memories.values().all(|other| *other <= memory)
    }

    fn wrote_too_much(&self, written: u64) -> bool {
        self.last_written.store(written, Ordering::Relaxed);
        let most = self.work.limits.job_disk_bytes;
        let before = self.work.written.load(Ordering::Relaxed);
        written.saturating_sub(self.written) > most
            || before.saturating_add(written) > most.saturating_mul(DISK_FACTOR)
    }
}
