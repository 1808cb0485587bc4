//! What the daemon tells while it works.

/// One message of the daemon about its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The build of a derivation begins.
    BuildStarted {
        /// The activity's number, which the build's other messages carry.
        activity: u64,
        /// The derivation.
        drv: String,
    },
    /// A line of a build's log.
    LogLine {
        /// The build's activity.
        activity: u64,
        /// The line, without its end.
        line: String,
    },
    /// How far all builds of the request are.
    BuildCounts {
        /// Builds that succeeded.
        done: u64,
    },
    /// A message of Nix itself: an error, a warning.
    Message(String),
}

/// The types of activities and results that are understood (`ActivityType` and `ResultType` in
/// Nix's `logging.hh`).
const ACTIVITY_BUILDS: u64 = 104;
const ACTIVITY_BUILD: u64 = 105;
const RESULT_LOG_LINE: u64 = 101;
const RESULT_PROGRESS: u64 = 105;

/// A field of an activity or result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Number(u64),
    Text(String),
}

impl Field {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

/// Makes events of raw activities and results.
#[derive(Debug, Default)]
pub(super) struct Activities {
    /// The activity that counts all builds.
    builds: Option<u64>,
}

impl Activities {
    pub(super) fn started(&mut self, id: u64, kind: u64, mut fields: Vec<Field>) -> Option<Event> {
        match kind {
            ACTIVITY_BUILDS => {
                self.builds = Some(id);
                None
            }
            ACTIVITY_BUILD if !fields.is_empty() => match fields.swap_remove(0) {
                Field::Text(drv) => Some(Event::BuildStarted { activity: id, drv }),
                Field::Number(_) => None,
            },
            _ => None,
        }
    }

    pub(super) fn result(&self, id: u64, kind: u64, fields: Vec<Field>) -> Option<Event> {
        match kind {
            RESULT_LOG_LINE => match fields.into_iter().next() {
                Some(Field::Text(line)) => Some(Event::LogLine { activity: id, line }),
                Some(Field::Number(_)) | None => None,
            },
            // Fields: done, expected, running, failed.
            RESULT_PROGRESS if self.builds == Some(id) => Some(Event::BuildCounts {
                done: fields.first()?.number()?,
            }),
            _ => None,
        }
    }
}
