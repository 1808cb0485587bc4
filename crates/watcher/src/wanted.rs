//! A pull request that is of interest and was not read yet.

use picket_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// The first wait before it is asked for again, in seconds; each further one doubles.
const FIRST_WAIT: i64 = 60;
/// No wait is longer than this many seconds.
const LONGEST_WAIT: i64 = 6 * 60 * 60;
/// After so many tries, some hours, nobody is told any more.
const TOLD: u32 = 8;

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

    /// It could not be read, by itself or in a list.
    pub(crate) fn failed(&mut self, reason: String, now: Timestamp) {
        let wait = FIRST_WAIT << self.tries.min(16);
        self.tries += 1;
        self.next_try = now.plus_seconds(wait.min(LONGEST_WAIT));
        self.reason = Some(reason);
        // A list that shows it so once more changes nothing.
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
            wanted.failed("gone".into(), now);
            (
                wanted.next_try.seconds_since(now),
                wanted.complaint().is_some(),
            )
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits[..3], [(60, true), (120, true), (240, true)]);
        assert_eq!((waits[7].1, waits[8].1), (true, false));
        assert_eq!(waits[11].0, LONGEST_WAIT);
    }
}
