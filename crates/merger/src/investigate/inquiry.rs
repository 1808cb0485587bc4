//! An investigation under way: where it looks, and for how long.

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use git2::Oid;

use super::lines::{self, Ended};
use crate::error::Result;
use crate::snapshot::Snapshot;
use picket_mirror::Git;

/// Where and for how long history is asked, and whether it was asked all.
pub(super) struct Inquiry<'r> {
    snapshot: &'r Snapshot,
    until: Instant,
    is_cut_short: Cell<bool>,
}

impl<'r> Inquiry<'r> {
    pub(super) fn new(snapshot: &'r Snapshot, time: Duration) -> Self {
        Self {
            snapshot,
            until: Instant::now() + time,
            is_cut_short: Cell::new(false),
        }
    }

    /// Git in the mirror.
    pub(super) fn git(&self, name: &'static str) -> Git<'r> {
        self.snapshot.git(name)
    }

    /// Whether a commit can be told of: git lists also those of which nobody can make out who made
    /// them.
    pub(super) fn is_legible(&self, id: Oid) -> bool {
        self.snapshot.repo.find_commit(id).is_ok()
    }

    /// Hands over what git prints, for as long as there is time.
    pub(super) fn lines(
        &self,
        git: Git<'_>,
        take: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<Ended> {
        lines::lines(git, self.until, take)
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Notes that there is more than will be told.
    pub(super) fn cut_short(&self) {
        self.is_cut_short.set(true);
    }

    pub(super) fn is_cut_short(&self) -> bool {
        self.is_cut_short.get()
    }
}

/// The commits that `tip`'s history has, and that of `without` lacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) without: Oid,
    pub(super) tip: Oid,
}

impl Range {
    /// What the other one has and this one lacks.
    pub(super) fn other_side(self) -> Self {
        Self {
            without: self.tip,
            tip: self.without,
        }
    }
}

/// As git takes it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.without, self.tip)
    }
}
