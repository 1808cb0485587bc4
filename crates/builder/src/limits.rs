//! What evaluating and building may take.

use std::time::Duration;

/// Bounds on evaluating and building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// What evaluating may take.
    pub evaluation: picket_evaluator::Limits,
    /// Seconds that one derivation may build.
    pub build_seconds: u64,
    /// Seconds that one derivation may build without a line in its log.
    pub silent_seconds: u64,
    /// Bytes of one derivation's log. A build that writes more is stopped.
    pub log_bytes: u64,
    /// Bytes of all logs of one revision's build. What is beyond is built, but not kept.
    pub logs_bytes: u64,
    /// How many revisions are built at a time, over all channels; at least 1.
    pub builds_at_once: usize,
    /// Seconds that Nix may take to answer a question about its store. Locks may have to be
    /// waited for.
    pub answer_seconds: u64,
}

impl Limits {
    /// For how long Nix may say nothing at all while it builds: it stops silent builds itself, so
    /// that then it hangs, or waits for a lock.
    pub(crate) fn build_patience(&self) -> Duration {
        let silent = match self.silent_seconds {
            // No build is stopped for its silence.
            0 => self.build_seconds,
            seconds => seconds,
        };
        Duration::from_secs(silent) + self.answer_time()
    }

    /// How long a question to Nix's daemon may take.
    pub(crate) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            evaluation: picket_evaluator::Limits::default(),
            build_seconds: 36_000,
            silent_seconds: 3600,
            log_bytes: 64 << 20,
            logs_bytes: 1 << 30,
            builds_at_once: 4,
            answer_seconds: 300,
        }
    }
}
