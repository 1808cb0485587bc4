//! When a pull request reached each stage of its way.

use serde::Serialize;

use crate::candidate::{Candidate, UpstreamState};
use crate::facts::Facts;
use crate::standing::Standing;
use crate::time::Timestamp;

/// When a pull request reached each stage, as far as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StageTimes {
    /// It was opened.
    pub opened_at: Timestamp,
    /// It was merged upstream.
    pub merged_at: Option<Timestamp>,
    /// The team approved its current head.
    pub approved_at: Option<Timestamp>,
    /// The first release with it came out.
    pub released_at: Option<Timestamp>,
    /// The stable channel had it, and this channel had it before.
    pub superseded_at: Option<Timestamp>,
}

/// When a candidate reached each stage of its way.
pub fn stage_times(facts: &Facts, candidate: &Candidate) -> StageTimes {
    let merged_at = match candidate.upstream {
        UpstreamState::Merged { at, .. } => Some(at),
        UpstreamState::Open | UpstreamState::Closed => None,
    };
    let approved_at = match facts.standing(candidate, &candidate.head) {
        Standing::Approved { at, .. } => Some(at),
        Standing::Pending { .. } | Standing::Vetoed { .. } => None,
    };
    let released_at = facts.first_released_at(candidate.pr);
    let lag_seconds = facts.superseded_after(candidate.pr);
    let superseded_at = released_at.zip(lag_seconds);
    let superseded_at = superseded_at.map(|(at, lag_seconds)| at.plus_seconds(lag_seconds));
    StageTimes {
        opened_at: candidate.opened_at,
        merged_at,
        approved_at,
        released_at,
        superseded_at,
    }
}
