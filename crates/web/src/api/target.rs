//! How soon the team wants a candidate out, in the API.

use serde::Serialize;

use crate::aim::Aim;

/// The team's target for a candidate, and how it stands to that.
#[derive(Serialize)]
pub(super) struct TargetJson {
    /// What the target is for: `exploited`, `critical`, `high`, `medium` or `low`.
    of: &'static str,
    /// How many hours after it was opened it is to be out.
    hours: u32,
    /// When that is.
    due: String,
    /// `due` or `late` while it is not out, and then `met` or `missed`.
    state: &'static str,
    /// Whether it is late, and not out.
    late: bool,
    /// By how many seconds it is in time, or was; negative where it is late, or was.
    margin_seconds: i64,
}

impl TargetJson {
    pub(super) fn new(aim: &Aim) -> Self {
        Self {
            of: aim.target.gravity.name(),
            hours: aim.target.hours,
            due: aim.due.to_string(),
            state: aim.clock.name(),
            late: aim.clock.is_late(),
            margin_seconds: aim.margin(),
        }
    }
}
