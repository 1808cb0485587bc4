//! What upstream makes of a candidate, in the API.

use picket_domain::{
    Board, Candidate, Ci, CommentPlace, CommentRecord, CommitSha, Reception, Review,
};
use serde::Serialize;

use crate::look::Look;
use crate::reception::{reception, unknown};
use crate::view::comment_address;

/// What is said on GitHub: no decision of the team.
#[derive(Serialize)]
pub(super) struct ReceptionJson {
    /// Why it is not known as of now: `no_token`, `refused`, `failing`, `settled`, `unread`; null
    /// where it is.
    unknown: Option<&'static str>,
    /// What was read last; null where nothing ever was.
    read: Option<ReadJson>,
    /// Whether it was told there what became of it; null where it was not.
    comment: Option<CommentJson>,
}

#[derive(Serialize)]
struct CommentJson {
    /// Null where there is none any more, or never was.
    url: Option<String>,
    /// When it was written last, or was found to have ended.
    at: String,
    /// Why nothing more is written: `deleted`, `locked` or `refused`; null where it is.
    ended: Option<&'static str>,
}

#[derive(Serialize)]
struct ReadJson {
    /// The head that it had on GitHub then.
    head: String,
    at: String,
    /// The last review of each reviewer; null where GitHub does not show them.
    reviews: Option<Vec<ReviewJson>>,
    merged_by: Option<String>,
    /// Null where GitHub does not show it.
    ci: Option<CiJson>,
}

#[derive(Serialize)]
struct ReviewJson {
    /// Null where the account is gone.
    by: Option<String>,
    /// `approved`, `changes_requested`, `dismissed`, or a word of GitHub's.
    state: String,
    head: Option<String>,
    /// Whether that is the candidate's head.
    is_of_head: bool,
    at: Option<String>,
}

#[derive(Serialize)]
struct CiJson {
    head: Option<String>,
    is_of_head: bool,
    /// `success`, `failing`, `pending`, `none`, or a word of GitHub's.
    state: String,
    /// The names of checks that fail.
    failing: Vec<String>,
    /// Whether no other one fails.
    is_whole: bool,
}

impl ReceptionJson {
    pub(super) fn new(
        look: &Look<'_>,
        board: &Board,
        candidate: &Candidate,
        comment: Option<&CommentRecord>,
    ) -> Self {
        Self {
            comment: comment.and_then(|it| CommentJson::new(candidate, it)),
            unknown: unknown(look, board, candidate).map(|it| it.name()),
            read: reception(look, candidate).map(|it| ReadJson::new(&candidate.head, it)),
        }
    }
}

impl CommentJson {
    fn new(candidate: &Candidate, record: &CommentRecord) -> Option<Self> {
        match &record.place {
            CommentPlace::Unknown | CommentPlace::Posting { .. } => None,
            CommentPlace::There { id, written_at, .. } => Some(Self {
                url: comment_address(candidate, *id),
                at: written_at.to_string(),
                ended: None,
            }),
            CommentPlace::Ended { why, at, .. } => Some(Self {
                url: None,
                at: at.to_string(),
                ended: Some(why.name()),
            }),
        }
    }
}

impl ReadJson {
    fn new(head: &CommitSha, reception: &Reception) -> Self {
        let reviews = reception.reviews.as_ref();
        let reviews = reviews.map(|it| it.latest.iter().map(|it| ReviewJson::new(head, it)));
        Self {
            head: reception.head.to_string(),
            at: reception.read_at.to_string(),
            reviews: reviews.map(Iterator::collect),
            merged_by: reception.merged_by.as_ref().map(ToString::to_string),
            ci: reception.ci.as_ref().map(|it| CiJson::new(head, it)),
        }
    }
}

impl ReviewJson {
    fn new(head: &CommitSha, review: &Review) -> Self {
        Self {
            by: review.by.as_ref().map(ToString::to_string),
            state: review.state.name().to_owned(),
            head: review.of.as_ref().map(ToString::to_string),
            is_of_head: review.of.as_ref() == Some(head),
            at: review.at.as_ref().map(ToString::to_string),
        }
    }
}

impl CiJson {
    fn new(head: &CommitSha, ci: &Ci) -> Self {
        Self {
            head: ci.of.as_ref().map(ToString::to_string),
            is_of_head: ci.of.as_ref() == Some(head),
            state: ci.state.name().to_owned(),
            failing: ci.failing.clone(),
            is_whole: ci.is_whole,
        }
    }
}
