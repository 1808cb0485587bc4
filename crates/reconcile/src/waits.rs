//! Waits that double, for what is not there yet and may be later.

use std::collections::BTreeMap;

use picket_domain::Timestamp;

/// No wait is longer than 2^10 times the first.
const DOUBLED_AT_MOST: u32 = 10;

/// What is waited for: how often it was looked for, and when it is again.
#[derive(Debug)]
pub(crate) struct Waits<K> {
    first_seconds: i64,
    all: BTreeMap<K, (u32, Timestamp)>,
}

impl<K: Ord> Waits<K> {
    pub(crate) fn new(first_seconds: i64) -> Self {
        Self {
            first_seconds,
            all: BTreeMap::new(),
        }
    }

    /// It was looked for in vain: each further wait is twice the last.
    pub(crate) fn again(&mut self, key: K, now: Timestamp) {
        let (tries, due) = self.all.entry(key).or_insert((0, now));
        *due = now.plus_seconds(self.first_seconds << *tries);
        *tries = (*tries + 1).min(DOUBLED_AT_MOST);
    }

    /// Whether it is to be looked for: `None` where it is not waited for.
    pub(crate) fn is_due(&self, key: &K, now: Timestamp) -> Option<bool> {
        self.all.get(key).map(|(_, due)| *due <= now)
    }

    /// What is not wanted any more is not waited for either.
    pub(crate) fn keep(&mut self, is_wanted: impl Fn(&K) -> bool) {
        self.all.retain(|key, _| is_wanted(key));
    }

    /// When the next of them is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.all.values().map(|(_, due)| *due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_last_up_to_a_bound() {
        let now = Timestamp::from_unix(1_000);
        let mut waits = Waits::new(60);
        assert_eq!((waits.is_due(&7, now), waits.next()), (None, None));
        let seconds = (0..14).map(|_| {
            waits.again(7, now);
            waits.next().unwrap().seconds_since(now)
        });
        let seconds: Vec<_> = seconds.collect();
        assert_eq!(seconds[..3], [60, 120, 240]);
        assert_eq!(seconds[13], 60 << DOUBLED_AT_MOST);
        assert_eq!(waits.is_due(&7, now), Some(false));
        waits.keep(|key| *key != 7);
        assert_eq!(waits.next(), None);
    }
}
