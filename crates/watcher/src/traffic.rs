//! What was asked of GitHub, for metrics.

use crate::budget::Budget;

/// Requests since the start, and what is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were made.
    pub requests: u64,
    /// Those that were answered with "not changed", which cost nothing where a token is used.
    pub unchanged: u64,
    /// Those that were refused, failed or were not answered.
    pub failures: u64,
    /// What GitHub last said of its limit.
    pub budget: Option<Budget>,
}
