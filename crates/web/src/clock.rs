//! Whether a fix comes in time: a team's target for it against its way so far.

use picket_domain::{PickStatus, StatusGroup, Timestamp, UpstreamState};

const HOUR: i64 = 3_600;

/// How a candidate stands to the team's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// There is no target for it, or nothing is left to do.
    None,
    /// It is to be out by then, and it is not that late yet.
    Due {
        /// When.
        at: Timestamp,
    },
    /// It is not out, and was to be.
    Late {
        /// When.
        since: Timestamp,
    },
    /// It was out in time.
    Met {
        /// By how many seconds.
        by: i64,
    },
    /// It was out, and too late.
    Missed {
        /// By how many seconds.
        by: i64,
    },
}

/// What a clock goes by.
pub(crate) struct Course<'a> {
    pub(crate) status: &'a PickStatus,
    pub(crate) upstream: &'a UpstreamState,
    /// When the pull request was opened: from then on Picket could know of it, and the clock goes.
    pub(crate) opened_at: Timestamp,
    /// When the first release with it came out: that stops the clock, whatever comes after.
    pub(crate) released_at: Option<Timestamp>,
}

impl Clock {
    /// With a target of so many hours, at a time.
    pub(crate) fn of(course: &Course<'_>, hours: Option<u32>, now: Timestamp) -> Self {
        let Some(hours) = hours.filter(|_| !course.is_over()) else {
            return Self::None;
        };
        let due = course.due(hours);
        match course.released_at {
            Some(out) if out <= due => Self::Met {
                by: due.seconds_since(out),
            },
            Some(out) => Self::Missed {
                by: out.seconds_since(due),
            },
            None if now <= due => Self::Due { at: due },
            None => Self::Late { since: due },
        }
    }

    /// In a word, as JSON has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Due { .. } => "due",
            Self::Late { .. } => "late",
            Self::Met { .. } => "met",
            Self::Missed { .. } => "missed",
        }
    }

    /// Whether it is late, so that somebody has to do something.
    pub(crate) const fn is_late(self) -> bool {
        matches!(self, Self::Late { .. })
    }
}

impl Course<'_> {
    /// When it is to be out, with a target of so many hours.
    pub(crate) fn due(&self, hours: u32) -> Timestamp {
        self.opened_at.plus_seconds(i64::from(hours) * HOUR)
    }

    /// Whether nothing is left to do for it.
    fn is_over(&self) -> bool {
        let is_closed = match self.upstream {
            UpstreamState::Closed => true,
            UpstreamState::Open | UpstreamState::Merged { .. } => false,
        };
        is_closed || is_done(self.status)
    }
}

fn is_done(status: &PickStatus) -> bool {
    match status.group() {
        StatusGroup::Done | StatusGroup::Dismissed => true,
        StatusGroup::SetAside => matches!(status, PickStatus::Vetoed { .. }),
        StatusGroup::NeedsDecision
        | StatusGroup::PutOff
        | StatusGroup::UnderWay
        | StatusGroup::Out => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: Timestamp = Timestamp::from_unix(1_000_000);

    fn after(hours: i64) -> Timestamp {
        OPENED.plus_seconds(hours * HOUR)
    }

    fn course<'a>(status: &'a PickStatus, upstream: &'a UpstreamState) -> Course<'a> {
        Course {
            status,
            upstream,
            opened_at: OPENED,
            released_at: None,
        }
    }

    #[test]
    fn it_is_due_until_its_time_and_then_late() {
        let course = course(&PickStatus::Assembling, &UpstreamState::Open);
        let clock = |hours, now| Clock::of(&course, hours, now);
        assert_eq!(clock(Some(24), OPENED), Clock::Due { at: after(24) });
        assert_eq!(clock(Some(24), after(24)), Clock::Due { at: after(24) });
        let late = clock(Some(24), after(24).plus_seconds(1));
        assert_eq!(late, Clock::Late { since: after(24) });
        assert!(late.is_late());
        assert_eq!(clock(None, after(900)), Clock::None);
        let far = clock(Some(u32::MAX), after(900));
        assert!(matches!(far, Clock::Due { .. }), "{far:?}");
    }

    #[test]
    fn the_first_release_stops_it_for_good() {
        let status = PickStatus::Unavailable {
            reason: "a new head is gone".to_owned(),
        };
        let out = |hours| Course {
            released_at: Some(after(hours)),
            ..course(&status, &UpstreamState::Open)
        };
        let clock = |hours| Clock::of(&out(hours), Some(24), after(900));
        assert_eq!(clock(20), Clock::Met { by: 4 * HOUR });
        assert_eq!(clock(24), Clock::Met { by: 0 });
        assert_eq!(clock(27), Clock::Missed { by: 3 * HOUR });
        assert!(!clock(27).is_late());
    }

    #[test]
    fn it_does_not_go_where_nothing_is_left_to_do() {
        let vetoed = PickStatus::Vetoed {
            vetoes: Vec::new(),
            still_in: None,
        };
        let superseded = PickStatus::Superseded { lag_seconds: 1 };
        let merged = UpstreamState::Merged {
            at: after(1),
            commit: None,
        };
        let now = after(900);
        for done in [
            &vetoed,
            &superseded,
            &PickStatus::InBase,
            &PickStatus::InOtherPick,
            &PickStatus::ResolvedAway,
        ] {
            let clock = Clock::of(&course(done, &merged), Some(1), now);
            assert_eq!(clock, Clock::None, "{done:?}");
        }
        let closed = course(&PickStatus::Assembling, &UpstreamState::Closed);
        assert_eq!(Clock::of(&closed, Some(1), now), Clock::None);
        let merged = course(&PickStatus::Assembling, &merged);
        let late = Clock::Late { since: after(1) };
        assert_eq!(Clock::of(&merged, Some(1), now), late);
    }
}
