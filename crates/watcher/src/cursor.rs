//! Where watching got to, and what is still to be read.

use std::fmt;
use std::str::FromStr;

use picket_domain::{PrNumber, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::walk::Walk;
use crate::wanted::AllWanted;

/// Where watching got to. To be stored after each step: one that was interrupted goes on there.
///
/// Kept as text; callers make nothing of its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// All changes up to here were seen; `None` before the first look.
    pub(crate) read_to: Option<Timestamp>,
    /// The list that is being read.
    pub(crate) under_way: Option<Walk>,
    /// When the labelled ones that changed lately were last begun to be listed.
    pub(crate) swept: Option<Timestamp>,
    /// When all open labelled ones were last begun to be listed, and there were some.
    pub(crate) swept_whole: Option<Timestamp>,
    /// When they were last begun to be listed.
    pub(crate) swept_whole_try: Option<Timestamp>,
    /// What is known of the label itself; it is asked for where nothing has it.
    #[serde(default)]
    pub(crate) label: Label,
    /// Whether what is of interest without the label was looked for among what changed before the
    /// first look.
    #[serde(default)]
    pub(crate) look_back: LookBack,
    /// What is of interest and was not read yet.
    pub(crate) wanted: AllWanted,
    /// How many were asked for by themselves in this look.
    #[serde(skip)]
    pub(crate) asked_for: u32,
    /// No request before this time: GitHub asked for that.
    pub(crate) rest_until: Option<Timestamp>,
}

/// Where looking back is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LookBack {
    /// Nothing without the label is of interest.
    #[default]
    NotWanted,
    /// It is to be done, once what has the label was read.
    Due,
    /// It was done.
    Done,
}

/// What is known of the label of security fixes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Label {
    /// Something has it, or the repository does.
    #[default]
    Known,
    /// Nothing that is open has it.
    Doubtful,
    /// The repository does not have it.
    Missing,
}

/// A text that is not a cursor. Watching without one starts afresh, at the cost of a long first look.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not where watching got to: remove it to start afresh")]
pub struct InvalidCursor(String);

impl Cursor {
    /// What could not be read, and why, for people. What was tried in vain for hours is tried again
    /// and not complained of any more.
    pub fn complaints(&self) -> impl Iterator<Item = (PrNumber, &str)> {
        let wanted = self.wanted.iter();
        wanted.filter_map(|(number, it)| Some((*number, it.complaint()?)))
    }

    /// Whether the repository has no label of the configured name: it may have been renamed.
    pub fn lacks_label(&self) -> bool {
        self.label == Label::Missing
    }

    /// How many pull requests of interest were not read yet.
    pub fn unread(&self) -> usize {
        self.wanted.len()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    /// Cursors were a time once.
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if let Some(read_to) = Timestamp::parse_rfc3339(text) {
            return Ok(Self {
                read_to: Some(read_to),
                ..Self::default()
            });
        }
        serde_json::from_str(text).map_err(|_| InvalidCursor(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::Wanted;

    #[test]
    fn a_cursor_survives_as_text() {
        let at = Timestamp::from_unix(1_795_000_000);
        let mut cursor = Cursor {
            read_to: Some(at),
            under_way: Some(Walk::changes(Some(at))),
            swept: Some(at),
            ..Cursor::default()
        };
        let mut wanted = Wanted::new(Some(at), Some(true));
        wanted.failed("no \"answer\"", at);
        cursor.wanted.insert(PrNumber(7), wanted);
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!("yesterday".parse::<Cursor>().is_err());
    }

    #[test]
    fn a_time_is_one_too() {
        let cursor: Cursor = "2026-11-18T12:26:40Z".parse().unwrap();
        assert_eq!(
            cursor.read_to,
            Timestamp::parse_rfc3339("2026-11-18T12:26:40Z")
        );
        assert_eq!(cursor.swept_whole, None);
    }
}
