//! Points in time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z.
///
/// Shown in RFC 3339, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// The time now, by the system's clock. Only the edges call this; the rest is handed the time.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_second())
    }

    /// From a text in RFC 3339, as GitHub's API writes times.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|time| Self(time.as_second()))
    }

    /// This many seconds later.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this time; negative if it is later.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

/// A length of time in its two largest units: `3 d 2 h`, `4 min 10 s`.
pub fn duration(seconds: i64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let mut shown = parts.iter().skip_while(|(n, _)| *n <= 0).take(2);
    let Some((n, unit)) = shown.next() else {
        return "0 s".to_owned();
    };
    match shown.next() {
        Some((m, smaller)) if *m > 0 => format!("{n} {unit} {m} {smaller}"),
        _ => format!("{n} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_goes_both_ways() {
        let time = Timestamp::parse_rfc3339("2026-11-23T18:09:00Z").unwrap();
        assert_eq!(time.to_string(), "2026-11-23T18:09:00Z");
        assert_eq!(
            Timestamp::from_unix(i64::MAX).to_string(),
            format!("@{}", i64::MAX)
        );
    }

    #[test]
    fn lengths_of_time_are_short() {
        let texts = [-5, 0, 59, 60, 250, 3_600, 266_400].map(duration);
        assert_eq!(
            texts,
            [
                "0 s",
                "0 s",
                "59 s",
                "1 min",
                "4 min 10 s",
                "1 h",
                "3 d 2 h"
            ]
        );
    }
}
