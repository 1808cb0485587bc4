//! Where a poll got to.

use std::fmt;
use std::str::FromStr;

use picket_domain::Timestamp;
use thiserror::Error;

/// Where a poll got to: when the newest change was that it saw.
///
/// Kept as text between polls; callers make nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(Timestamp);

/// A text that is not a cursor. Polling without one starts afresh, at the cost of a long first poll.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not where a poll got to: remove it to start afresh")]
pub struct InvalidCursor(String);

impl Cursor {
    pub(crate) fn new(newest: Timestamp) -> Self {
        Self(newest)
    }

    pub(crate) fn newest(&self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        Timestamp::parse_rfc3339(text)
            .map(Self)
            .ok_or_else(|| InvalidCursor(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_as_text() {
        let cursor = Cursor::new(Timestamp::from_unix(1_795_000_000));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!("yesterday".parse::<Cursor>().is_err());
    }
}
