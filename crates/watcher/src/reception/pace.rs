//! How fast it is asked for what upstream makes of pull requests.

use std::fmt;
use std::str::FromStr;

use picket_domain::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::WatchError;

/// The seconds between two requests, as they are used up over time.
const GAP: i64 = 200;

/// When the next request may be made, and for how many pull requests. To be stored before each
/// request: a restart keeps the pace.
///
/// In any hour there are at most 20 requests, first readings of many apart: one every 200 seconds,
/// and one more at once where something is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceptionPace {
    /// When the requests so far are used up.
    used_until: Timestamp,
    /// No request before this time: GitHub asked for that.
    rest_until: Option<Timestamp>,
    /// For how many is asked at once.
    at_once: usize,
}

/// A text that is not a pace. Without one it begins afresh.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not how fast GitHub is asked: remove it to begin afresh")]
pub struct InvalidPace(String);

/// Why something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// More was never read than one request can ask for.
    Backlog,
    /// Something is new.
    New,
    /// It was read a while ago.
    Aged,
}

impl Default for ReceptionPace {
    fn default() -> Self {
        Self {
            used_until: Timestamp::from_unix(0),
            rest_until: None,
            at_once: Self::AT_ONCE,
        }
    }
}

impl ReceptionPace {
    /// The most that is asked for in one request.
    pub const AT_ONCE: usize = 50;

    /// For how many is asked in the next request. Where GitHub does not manage so many in its time,
    /// there are fewer next time.
    pub fn at_once(&self) -> usize {
        self.at_once.clamp(1, Self::AT_ONCE)
    }

    /// A request is about to be made.
    pub fn begin(&mut self, now: Timestamp) {
        let used = self.used_until.max(now).plus_seconds(GAP);
        self.used_until = used.min(now.plus_seconds(2 * GAP));
    }

    /// It went through. `rest_until` is what GitHub's limit asks for.
    pub fn succeeded(&mut self, rest_until: Option<Timestamp>) {
        self.rest_until = rest_until;
        self.at_once = (self.at_once() * 2).min(Self::AT_ONCE);
    }

    /// It failed. Returns whether it may have been one of the pull requests that did it, and there
    /// was only this one.
    pub fn failed(&mut self, error: &WatchError) -> bool {
        if let WatchError::RateLimited { until } = error {
            self.rest_until = Some(*until);
        }
        let may_be_theirs = !error.concerns_all() && !matches!(error, WatchError::Forbidden(_));
        let was_alone = self.at_once() == 1;
        if may_be_theirs {
            self.at_once = self.at_once() / 2;
        }
        may_be_theirs && was_alone
    }

    /// When the next request may be made.
    pub(super) fn next(&self, urgency: Urgency, now: Timestamp) -> Timestamp {
        // A clock that was set back must not make it wait for long.
        let used = self.used_until.min(now.plus_seconds(2 * GAP));
        let at = match urgency {
            Urgency::Backlog => now,
            Urgency::New => used.plus_seconds(-GAP),
            Urgency::Aged => used,
        };
        at.max(self.rest_until.unwrap_or(at))
    }
}

impl fmt::Display for ReceptionPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ReceptionPace {
    type Err = InvalidPace;

    fn from_str(text: &str) -> Result<Self, InvalidPace> {
        serde_json::from_str(text).map_err(|_| InvalidPace::of(text))
    }
}

impl InvalidPace {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(80).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

    /// How many requests there are in the busiest hour of a day in which there is always a reason.
    fn busiest_hour(urgency: Urgency) -> usize {
        let mut pace = ReceptionPace::default();
        let mut made = Vec::new();
        for second in 0..24 * 3_600 {
            let now = NOW.plus_seconds(second);
            if pace.next(urgency, now) <= now {
                pace.begin(now);
                made.push(second);
            }
        }
        let in_hour = |from: i64| {
            let hour = from..from + 3_600;
            made.iter().filter(|at| hour.contains(at)).count()
        };
        made.iter().map(|from| in_hour(*from)).max().unwrap()
    }

    #[test]
    fn there_are_no_more_than_twenty_requests_in_any_hour() {
        assert_eq!(busiest_hour(Urgency::Aged), 18);
        assert_eq!(busiest_hour(Urgency::New), 19);
    }

    #[test]
    fn what_is_new_need_not_wait_for_what_was_asked_for_before() {
        let mut pace = ReceptionPace::default();
        pace.begin(NOW);
        assert_eq!(pace.next(Urgency::Aged, NOW), NOW.plus_seconds(GAP));
        assert_eq!(pace.next(Urgency::New, NOW), NOW);
        pace.begin(NOW);
        assert_eq!(pace.next(Urgency::New, NOW), NOW.plus_seconds(GAP));
        assert_eq!(pace.next(Urgency::Backlog, NOW), NOW);
        let earlier = NOW.plus_seconds(-86_400);
        let wait = pace.next(Urgency::Aged, earlier).seconds_since(earlier);
        assert_eq!(wait, 2 * GAP, "the clock was set back");
    }

    #[test]
    fn a_limit_holds_for_everything_and_over_a_restart() {
        let mut pace = ReceptionPace::default();
        let until = NOW.plus_seconds(900);
        assert!(!pace.failed(&WatchError::RateLimited { until }));
        let pace: ReceptionPace = pace.to_string().parse().unwrap();
        assert_eq!(pace.next(Urgency::Backlog, NOW), until);
        assert_eq!(pace.at_once(), 50);
        assert!("soon".parse::<ReceptionPace>().is_err());
    }

    #[test]
    fn what_fails_is_asked_for_in_halves_until_one_is_left() {
        let mut pace = ReceptionPace::default();
        let error = WatchError::Unavailable("502".into());
        let sizes: Vec<_> = (0..6)
            .map(|_| (pace.failed(&error), pace.at_once()))
            .collect();
        let halves = [25, 12, 6, 3, 1].map(|size| (false, size));
        assert_eq!(sizes[..5], halves);
        assert_eq!(sizes[5], (true, 1));
        pace.succeeded(None);
        assert_eq!(pace.at_once(), 2);
    }
}
