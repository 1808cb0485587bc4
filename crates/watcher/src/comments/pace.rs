//! How fast comments are written.

use std::fmt;
use std::str::FromStr;

use picket_domain::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use crate::reception::InvalidPace;

/// The seconds between two that are written: GitHub asks for one at least.
const GAP: i64 = 2;
/// So many are written in any hour at most; GitHub allows 500.
const HOURLY: usize = 30;
const HOUR: i64 = 60 * 60;
/// The rest after a first failure; each further one doubles.
const FIRST_REST: i64 = 60;
/// The longest rest after a limit, and after what may be one pull request's fault.
const LONGEST_REST: i64 = HOUR;
const LONGEST_OTHER_REST: i64 = 300;

/// When the next comment may be written. To be stored before each: a restart keeps the pace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentPace {
    /// When comments were written, in the last hour.
    written: Vec<Timestamp>,
    /// Nothing before this time.
    rest_until: Option<Timestamp>,
    /// How often in a row there was a reason to rest.
    rests: u32,
}

impl CommentPace {
    /// Something is about to be written.
    pub fn begin(&mut self, now: Timestamp) {
        self.written
            .retain(|at| (0..HOUR).contains(&now.seconds_since(*at)));
        self.written.push(now);
    }

    /// It went through. `rest_until` is what the limit asks for.
    pub fn succeeded(&mut self, rest_until: Option<Timestamp>) {
        self.rest_until = rest_until;
        self.rests = 0;
    }

    /// It did not. Rests until `until`, where GitHub said that, and longer each time; somewhat longer
    /// than that, by `seed`, so that not all who were told the same come back at once. Returns until
    /// when.
    pub fn rest(&mut self, until: Option<Timestamp>, seed: &str, now: Timestamp) -> Timestamp {
        let longest = until.map_or(LONGEST_OTHER_REST, |_| LONGEST_REST);
        let wait = (FIRST_REST << self.rests.min(16)).min(longest);
        self.rests = self.rests.saturating_add(1);
        let own = now.plus_seconds(wait);
        let at = until.map_or(own, |until| until.max(own));
        let seed = format!("{seed} {} {}", self.rests, now.as_unix());
        let [first, second, ..] = *Sha256::of(seed.as_bytes()).as_bytes();
        let extra = i64::from(u16::from_be_bytes([first, second])) % (wait / 4 + 1);
        let at = at.plus_seconds(extra);
        self.rest_until = Some(at);
        at
    }

    /// When the next one may be written.
    pub fn next(&self, now: Timestamp) -> Timestamp {
        // A clock that was set back must not make it wait for long.
        let past = self.written.iter().filter(|at| **at <= now);
        let past: Vec<_> = past.copied().collect();
        let gap = past.last().map(|at| at.plus_seconds(GAP));
        let hour = past.len().checked_sub(HOURLY);
        let hour = hour.and_then(|place| past.get(place));
        let hour = hour.map(|at| at.plus_seconds(HOUR));
        let rest = self.rest_until.map(|at| at.min(now.plus_seconds(2 * HOUR)));
        let latest = [gap, hour, rest].into_iter().flatten().max();
        latest.map_or(now, |at| at.max(now))
    }
}

impl fmt::Display for CommentPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for CommentPace {
    type Err = InvalidPace;

    fn from_str(text: &str) -> Result<Self, InvalidPace> {
        serde_json::from_str(text).map_err(|_| InvalidPace::of(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

    #[test]
    fn there_are_no_more_than_thirty_in_any_hour_and_never_two_in_a_second() {
        let (mut pace, mut written) = (CommentPace::default(), Vec::new());
        for second in 0..3 * HOUR {
            let now = NOW.plus_seconds(second);
            if pace.next(now) <= now {
                pace.begin(now);
                written.push(second);
            }
        }
        let in_hour = |from: &i64| {
            let hour = *from..*from + HOUR;
            written.iter().filter(|at| hour.contains(at)).count()
        };
        assert_eq!(written.iter().map(in_hour).max(), Some(HOURLY));
        assert!(written.windows(2).all(|two| two[1] - two[0] >= GAP));
        assert_eq!(written.len(), 3 * HOURLY);
    }

    #[test]
    fn it_rests_longer_each_time_and_never_less_than_it_was_told() {
        let longest = |told: Option<Timestamp>, longest: i64| {
            let mut pace = CommentPace::default();
            let rests = (0..10).map(|_| pace.rest(told, "a", NOW).seconds_since(NOW));
            for (place, rest) in rests.enumerate() {
                let wait = (60 << place).min(longest);
                assert!((wait..=wait + wait / 4).contains(&rest), "{place}: {rest}");
            }
        };
        longest(None, LONGEST_OTHER_REST);
        longest(Some(NOW), HOUR);
        let told = NOW.plus_seconds(90);
        let mut pace = CommentPace::default();
        let rest = pace.rest(Some(told), "a", NOW).seconds_since(told);
        assert!((0..=15).contains(&rest), "{rest}");
        let mut pace: CommentPace = pace.to_string().parse().unwrap();
        assert!(pace.next(NOW) >= told, "over a restart");
        pace.succeeded(None);
        assert_eq!(pace.next(NOW), NOW);
        let seeds = ["a", "b", "c", "d", "e"];
        let rests = seeds.map(|seed| CommentPace::default().rest(None, seed, NOW));
        assert!(rests.iter().any(|it| *it != rests[0]), "{rests:?}");
        assert!("soon".parse::<CommentPace>().is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_wait_for_long() {
        let mut pace = CommentPace::default();
        for _ in 0..HOURLY {
            pace.begin(NOW);
        }
        let earlier = NOW.plus_seconds(-86_400);
        assert_eq!(pace.next(earlier), earlier);
        pace.rest(Some(NOW), "a", NOW);
        assert_eq!(pace.next(earlier).seconds_since(earlier), 2 * HOUR);
    }
}
