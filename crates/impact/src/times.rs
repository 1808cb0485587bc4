//! How long an estimate may take.

use std::time::{Duration, Instant};

/// How much of the worker's processor time is for what. On an idle machine that is as much as passes;
/// on a busy one, an estimate takes longer, and says as much.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// For what is known to change, for its new version and for what mentions it.
    pub(crate) sure: Duration,
    /// For what may change.
    pub(crate) open: Duration,
    /// When it is over in any case.
    pub(crate) end: Instant,
}

impl Times {
    pub(crate) fn new(started: Instant, budget: Duration) -> Self {
        Self {
            sure: budget / 2,
            open: budget,
            end: started + budget * 10,
        }
    }

    /// As much as it takes, within reason.
    pub(crate) fn all() -> Self {
        Self {
            sure: Duration::MAX,
            open: Duration::MAX,
            end: Instant::now() + Duration::from_secs(3600),
        }
    }
}
