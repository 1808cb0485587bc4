//! An investigation under way: where it looks, and for how long.

use std::cell::Cell;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use git2::Oid;

use super::stream::{self, Ended};
use crate::error::Result;
use crate::transport::Git;

/// Where and for how long history is asked, and whether it was asked all.
pub(super) struct Inquiry<'r> {
    mirror: &'r Path,
    until: Instant,
    is_cut_short: Cell<bool>,
}

impl<'r> Inquiry<'r> {
    pub(super) fn new(mirror: &'r Path, time: Duration) -> Self {
        Self {
            mirror,
            until: Instant::now() + time,
            is_cut_short: Cell::new(false),
        }
    }

    /// Git in the mirror.
    pub(super) fn git(&self, name: &'static str) -> Git<'r> {
        Git::new(self.mirror, name, &"the mirror")
    }

    /// Hands over what git prints, for as long as there is time.
    pub(super) fn lines(
        &self,
        git: Git<'_>,
        take: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<Ended> {
        stream::lines(git, self.until, take)
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
