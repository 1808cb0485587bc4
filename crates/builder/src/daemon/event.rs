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
        /// The address of the machine that builds it; empty: this one.
        machine: String,
    },
    /// A line of a build's log.
    LogLine {
        /// The build's activity.
        activity: u64,
        /// The line, without its end.
        line: String,
    },
    /// A path is being substituted.
    SubstitutionStarted,
    /// A message of Nix itself: an error, a warning.
    Message(String),
}

/// The types of activities and results that are understood (`ActivityType` and `ResultType` in
/// Nix's `logging.hh`).
const ACTIVITY_BUILD: u64 = 105;
const ACTIVITY_SUBSTITUTE: u64 = 108;
const RESULT_LOG_LINE: u64 = 101;

/// A field of an activity or result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Number(u64),
    Text(String),
}

/// The event of an activity that begins, where it is one that matters.
pub(super) fn started(id: u64, kind: u64, fields: Vec<Field>) -> Option<Event> {
    let mut texts = fields.into_iter().map(|field| match field {
        Field::Text(text) => text,
        Field::Number(_) => String::new(),
    });
    match kind {
        ACTIVITY_SUBSTITUTE => Some(Event::SubstitutionStarted),
        // Fields: the derivation, the machine, two numbers.
        ACTIVITY_BUILD => Some(Event::BuildStarted {
            activity: id,
            drv: texts.next()?,
            machine: texts.next().unwrap_or_default(),
        }),
        _ => None,
    }
}

/// The event of what an activity tells, where it is one that matters.
pub(super) fn told(id: u64, kind: u64, fields: Vec<Field>) -> Option<Event> {
    match fields.into_iter().next()? {
        Field::Text(line) if kind == RESULT_LOG_LINE => Some(Event::LogLine { activity: id, line }),
        Field::Text(_) | Field::Number(_) => None,
    }
}
