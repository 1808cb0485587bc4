//! What is known of the comment on a pull request.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Comment;
use crate::digest::Sha256;
use crate::text;
use crate::time::Timestamp;

/// The wait after a first failure; each further one doubles.
const FIRST_WAIT: i64 = 60;
const LONGEST_WAIT: i64 = 6 * 60 * 60;
/// So often GitHub may refuse a comment before it is not tried any more.
const REFUSALS: u32 = 5;
/// How long after a post of which nobody knows what became of it it is not looked for: it may be under
/// way still, and lists lag behind.
const UNCLEAR_FOR: i64 = 120;
/// The seconds between two changes of one comment.
const BETWEEN_EDITS: i64 = 10 * 60;

/// A comment's number on GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommentId(pub u64);

impl fmt::Display for CommentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of the comment on one pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentRecord {
    /// Where it is.
    pub place: CommentPlace,
    /// What failed, where the last try did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    setback: Option<Setback>,
}

/// Where a comment is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CommentPlace {
    /// Nobody knows of one. Before it is posted, it is looked for.
    #[default]
    Unknown,
    /// It was about to be posted at this time, and nobody knows what became of that.
    Posting {
        /// When.
        since: Timestamp,
    },
    /// It is there.
    There {
        /// Its number.
        id: CommentId,
        /// The digest of what it says.
        text: Sha256,
        /// When that was written.
        written_at: Timestamp,
    },
    /// Nothing more is written.
    Ended {
        /// Its number, where there was one.
        id: Option<CommentId>,
        /// Why.
        why: CommentEnd,
        /// When that was found out.
        at: Timestamp,
    },
}

/// Why nothing more is written on a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentEnd {
    /// Somebody deleted the comment.
    Deleted,
    /// The conversation is locked.
    Locked,
    /// GitHub refuses it time after time, for this reason.
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Setback {
    /// How often in a row.
    failures: u32,
    /// How often GitHub said no.
    refusals: u32,
    next_try: Timestamp,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentStep {
    /// It says what it is to say, or nothing more is written.
    Nothing,
    /// It is to be looked for, and posted where it is not there.
    Post,
    /// It is to be changed.
    Edit(CommentId),
}

impl CommentRecord {
    /// What is to be done next, and from when on, as far as this pull request goes.
    pub fn next(&self, comment: &Comment, now: Timestamp) -> (CommentStep, Timestamp) {
        let earliest = Timestamp::from_unix(0);
        let (step, at) = match &self.place {
            CommentPlace::Unknown if comment.may_begin(now) => (CommentStep::Post, earliest),
            CommentPlace::Unknown => (CommentStep::Nothing, earliest),
            CommentPlace::Posting { since } => (CommentStep::Post, since.plus_seconds(UNCLEAR_FOR)),
            CommentPlace::There { text, .. } if *text == comment.digest() => {
                (CommentStep::Nothing, earliest)
            }
            CommentPlace::There { id, written_at, .. } => (
                CommentStep::Edit(*id),
                written_at.plus_seconds(BETWEEN_EDITS),
            ),
            CommentPlace::Ended { .. } => (CommentStep::Nothing, earliest),
        };
        let retry = self.setback.map_or(earliest, |it| it.next_try);
        (step, at.max(retry))
    }

    /// It is about to be posted. To be stored before that.
    pub fn posting(&mut self, now: Timestamp) {
        self.place = CommentPlace::Posting { since: now };
    }

    /// It is not there, and is not to be posted after all; or GitHub said that it did not take it.
    pub fn not_there(&mut self) {
        if let CommentPlace::Posting { .. } = self.place {
            self.place = CommentPlace::Unknown;
        }
    }

    /// It is there, and says this.
    pub fn there(&mut self, id: CommentId, text: Sha256, now: Timestamp) {
        self.place = CommentPlace::There {
            id,
            text,
            written_at: now,
        };
        self.setback = None;
    }

    /// Nothing more is written.
    pub fn end(&mut self, why: CommentEnd, now: Timestamp) {
        let id = self.id();
        self.place = CommentPlace::Ended { id, why, at: now };
        self.setback = None;
    }

    /// It was not told what came of it. Returns when it is tried again.
    pub fn failed(&mut self, now: Timestamp) -> Timestamp {
        let before = self.setback;
        let failures = before.map_or(0, |it| it.failures).saturating_add(1);
        let wait = FIRST_WAIT << (failures - 1).min(16);
        let next_try = now.plus_seconds(wait.min(LONGEST_WAIT));
        self.setback = Some(Setback {
            failures,
            refusals: before.map_or(0, |it| it.refusals),
            next_try,
        });
        next_try
    }

    /// GitHub refuses it. Returns when it is tried again; `None` where it is not any more.
    pub fn refused(&mut self, reason: &str, now: Timestamp) -> Option<Timestamp> {
        self.not_there();
        let next_try = self.failed(now);
        let setback = self.setback.as_mut()?;
        setback.refusals += 1;
        if setback.refusals < REFUSALS {
            return Some(next_try);
        }
        let reason = text::line(reason, text::MAX_LINE);
        self.end(CommentEnd::Refused(reason), now);
        None
    }

    /// The comment's number, where there is, or was, one.
    pub fn id(&self) -> Option<CommentId> {
        match &self.place {
            CommentPlace::Unknown | CommentPlace::Posting { .. } => None,
            CommentPlace::There { id, .. } => Some(*id),
            CommentPlace::Ended { id, .. } => *id,
        }
    }
}

impl CommentEnd {
    /// Why, as a part of a sentence.
    pub fn words(&self) -> String {
        match self {
            Self::Deleted => "somebody deleted the comment".to_owned(),
            Self::Locked => "the conversation is locked".to_owned(),
            Self::Refused(reason) => format!("GitHub refuses it: {reason}"),
        }
    }

    /// A word for it, for records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Locked => "locked",
            Self::Refused(_) => "refused",
        }
    }
}
