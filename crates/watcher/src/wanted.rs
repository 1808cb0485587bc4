//! A pull request that is of interest and was not read yet.

use std::collections::BTreeMap;

use picket_domain::{PrNumber, Timestamp, text};
use serde::{Deserialize, Serialize};

/// The first wait before it is asked for again, in seconds; each further one doubles.
const FIRST_WAIT: i64 = 60;
/// No wait is longer than this many seconds.
const LONGEST_WAIT: i64 = 6 * 60 * 60;
/// After so many tries, some hours, nobody is told any more.
const TOLD: u32 = 8;

/// All of them.
pub(crate) type AllWanted = BTreeMap<PrNumber, Wanted>;

/// Wants a pull request, unless it is wanted already. The rest is as of [`Wanted::new`].
pub(crate) fn want(
    all: &mut AllWanted,
    number: PrNumber,
    updated_at: Option<Timestamp>,
    is_open: Option<bool>,
) -> &mut Wanted {
    let new = || Wanted::new(updated_at, is_open);
    all.entry(number).or_insert_with(new)
}

/// What is known of it, and why it was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// When a list says that it last changed.
    pub(crate) updated_at: Option<Timestamp>,
    /// Whether a list says that it is open.
    pub(crate) is_open: Option<bool>,
    /// Whether the lists were read for it, in vain.
    pub(crate) is_in_no_list: bool,
    /// How often it was asked for by itself.
    tries: u32,
    /// When it is asked for again.
    pub(crate) next_try: Timestamp,
    /// Why it could not be read.
    reason: Option<String>,
}

impl Wanted {
    pub(crate) fn new(updated_at: Option<Timestamp>, is_open: Option<bool>) -> Self {
        Self {
            updated_at,
            is_open,
            is_in_no_list: false,
            tries: 0,
            next_try: Timestamp::from_unix(0),
            reason: None,
        }
    }

    /// It could not be read by itself.
    pub(crate) fn failed(&mut self, reason: &str, now: Timestamp) {
        let wait = FIRST_WAIT << self.tries.min(16);
        self.tries += 1;
        self.next_try = now.plus_seconds(wait.min(LONGEST_WAIT));
        self.reason = Some(text::line(reason, text::MAX_LINE));
        self.is_in_no_list = true;
    }

    /// It could not be read in a list. That is no try: as long as lists show it so, it is told, and
    /// not asked for by itself.
    pub(crate) fn unreadable(&mut self, reason: &str, now: Timestamp) {
        self.next_try = self.next_try.max(now.plus_seconds(FIRST_WAIT));
        self.reason = Some(text::line(reason, text::MAX_LINE));
        self.is_in_no_list = true;
    }

    pub(crate) fn complaint(&self) -> Option<&str> {
        self.reason.as_deref().filter(|_| self.tries <= TOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_and_complaints_end() {
        let now = Timestamp::from_unix(1_000);
        let mut wanted = Wanted::new(None, None);
        let waits = (0..12).map(|_| {
            wanted.failed("gone", now);
            (
                wanted.next_try.seconds_since(now),
                wanted.complaint().is_some(),
            )
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits[..3], [(60, true), (120, true), (240, true)]);
        assert_eq!((waits[7].1, waits[8].1), (true, false));
        assert_eq!(waits[11].0, LONGEST_WAIT);

        let mut shown = Wanted::new(None, None);
        for _ in 0..100 {
            shown.unreadable("odd", now);
        }
        assert_eq!(shown.complaint(), Some("odd"), "a list is no try");
        assert_eq!(shown.next_try.seconds_since(now), FIRST_WAIT);
    }
}
