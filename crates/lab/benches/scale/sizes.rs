//! How large the worlds are.

use std::fmt;

/// How much there is in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// Pull requests that are, or were, candidates.
    pub(crate) candidates: u64,
    /// Releases that came out. All but the last [`PICKS`] of their fixes are in the stable channel
    /// by now.
    pub(crate) releases: u64,
    /// Jobs in the report of the newest chain's build.
    pub(crate) jobs: u32,
}

/// Picks in a release.
pub(crate) const PICKS: u64 = 50;

impl Size {
    pub(crate) const SMALL: Self = Self {
        candidates: 1_000,
        releases: 100,
        jobs: 5_000,
    };
    pub(crate) const LARGE: Self = Self {
        candidates: 10_000,
        releases: 1_000,
        jobs: 50_000,
    };

    /// The first of the fixes that clients have, and the stable channel does not. The ones before
    /// it are superseded.
    pub(crate) fn first_current(self) -> u64 {
        self.releases - PICKS + 1
    }

    /// The pull request that is real: GitHub has it, and git has its commits.
    pub(crate) fn real(self) -> u64 {
        self.candidates
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            candidates,
            releases,
            jobs,
        } = self;
        write!(
            f,
            "{candidates} candidates, {} log entries, {releases} releases, {PICKS} picks, {jobs} jobs",
            3 * candidates
        )
    }
}
