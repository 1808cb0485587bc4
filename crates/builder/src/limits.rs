//! What evaluating and building may take.

/// Bounds on evaluating and building.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whether evaluation is kept to the tree: it can then read no other file, fetch nothing and
    /// build nothing. On, unless the tree's own code is trusted.
    pub restricted: bool,
    /// Seconds that one evaluation may take.
    pub evaluation_seconds: u64,
    /// How many jobs a job set may have.
    pub jobs: u32,
    /// How deep a job may lie in the job set's nested attribute sets.
    pub depth: u32,
    /// Seconds that one derivation may build.
    pub build_seconds: u64,
    /// Seconds that one derivation may build without a line in its log.
    pub silent_seconds: u64,
    /// Bytes of one derivation's log. A build that writes more is stopped.
    pub log_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            restricted: true,
            evaluation_seconds: 1800,
            jobs: 250_000,
            depth: 16,
            build_seconds: 36_000,
            silent_seconds: 3600,
            log_bytes: 64 << 20,
        }
    }
}
