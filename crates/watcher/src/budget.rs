//! How many requests GitHub still allows, as its answers say.

use http::HeaderMap;
use picket_domain::Timestamp;

/// Below this many requests they are spread over the rest of the hour.
const SCARCE: u64 = 100;
/// So many are left to others that use the token.
const RESERVE: u64 = 5;

/// What is left of the hourly limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests an hour.
    pub limit: u64,
    /// Those that are left.
    pub remaining: u64,
    /// When all of them are there again.
    pub resets_at: Timestamp,
}

impl Budget {
    /// As an answer's headers say; `None` where they do not.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        Some(Self {
            limit: text("x-ratelimit-limit")?.parse().ok()?,
            remaining: text("x-ratelimit-remaining")?.parse().ok()?,
            resets_at: Timestamp::from_unix(text("x-ratelimit-reset")?.parse().ok()?),
        })
    }

    /// How many seconds are to be between two polls, so that the requests last until there are more.
    pub(crate) fn seconds_between(&self, now: Timestamp) -> i64 {
        let left = self.resets_at.seconds_since(now);
        if left <= 0 || self.remaining >= SCARCE {
            return 0;
        }
        let usable = self.remaining.saturating_sub(RESERVE).max(1);
        left / i64::try_from(usable).unwrap_or(1)
    }

    /// Whether only what is most urgent is to be asked for.
    pub(crate) fn is_low(&self, now: Timestamp) -> bool {
        self.resets_at > now && self.remaining <= RESERVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000_000);

    fn budget(remaining: u64, left: i64) -> Budget {
        Budget {
            limit: 60,
            remaining,
            resets_at: NOW.plus_seconds(left),
        }
    }

    #[test]
    fn scarce_requests_last_until_there_are_more() {
        assert_eq!(budget(35, 3_000).seconds_between(NOW), 100);
        assert_eq!(budget(2, 600).seconds_between(NOW), 600);
        assert_eq!(budget(35, -1).seconds_between(NOW), 0);
        assert_eq!(budget(4_000, 3_000).seconds_between(NOW), 0);
        assert!(
            budget(5, 10).is_low(NOW) && !budget(5, 0).is_low(NOW) && !budget(6, 10).is_low(NOW)
        );
    }
}
