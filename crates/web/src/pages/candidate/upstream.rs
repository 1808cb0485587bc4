//! The part of a candidate's page that says what upstream makes of it.

use picket_domain::{
    Candidate, Ci, CommentEnd, CommentPlace, CommentRecord, CommitSha, Reception, Review,
    UpstreamState,
};

use crate::error::PageError;
use crate::look::Look;
use crate::reception::{ci_words, reception, review_words, unknown};
use crate::session::Viewer;
use crate::state::AppState;
use crate::time::When;
use crate::view::{Badge, comment_address};

/// Reviews on the page.
const SHOWN: usize = 20;

/// What upstream makes of the candidate.
pub(super) struct UpstreamView {
    /// Why it is not known as of now.
    pub(super) unknown: Option<String>,
    /// What was read, as of when.
    pub(super) read: Option<ReadView>,
    /// What it was told there.
    pub(super) told: Option<ToldView>,
}

/// What a pull request was told of what became of it.
pub(super) struct ToldView {
    /// The comment's address.
    pub(super) url: Option<String>,
    pub(super) what: String,
    pub(super) when: When,
}

/// What was read.
pub(super) struct ReadView {
    pub(super) when: When,
    /// The head that it is of, where that is not the one that the page is about.
    pub(super) other_head: Option<String>,
    pub(super) reviews: Vec<ReviewView>,
    /// What there is to say about the reviews that are not shown.
    pub(super) no_reviews: &'static str,
    pub(super) merged_by: Option<String>,
    pub(super) ci: Option<CiView>,
}

/// A review.
pub(super) struct ReviewView {
    pub(super) login: String,
    pub(super) badge: Badge,
    /// The head that it was given to.
    pub(super) of: String,
    pub(super) when: Option<When>,
}

/// What CI says.
pub(super) struct CiView {
    pub(super) badge: Badge,
    pub(super) of: String,
    pub(super) failing: Vec<String>,
    /// Whether others may fail, too.
    pub(super) may_be_more: bool,
}

impl UpstreamView {
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
        viewer: &Viewer,
    ) -> Result<Self, PageError> {
        let comment = app.store.comment(candidate.pr).await?;
        let is_member = viewer.member().is_some();
        let board = app.board();
        let unknown = unknown(look, &board, candidate);
        let read = reception(look, candidate);
        Ok(Self {
            unknown: unknown.map(|it| it.sentence(is_member)),
            read: read.map(|it| ReadView::new(look, candidate, it)),
            told: comment.and_then(|it| ToldView::new(look, candidate, &it, is_member)),
        })
    }
}

impl ToldView {
    fn new(
        look: &Look<'_>,
        candidate: &Candidate,
        record: &CommentRecord,
        is_member: bool,
    ) -> Option<Self> {
        let (what, at) = match &record.place {
            CommentPlace::Unknown | CommentPlace::Posting { .. } => return None,
            CommentPlace::There { written_at, .. } => (
                "It was told there what became of it".to_owned(),
                *written_at,
            ),
            CommentPlace::Ended { why, at, .. } => {
                let why = match why {
                    // GitHub's words may name what is inside this server.
                    CommentEnd::Refused(_) if !is_member => "GitHub refuses it".to_owned(),
                    CommentEnd::Deleted | CommentEnd::Locked | CommentEnd::Refused(_) => {
                        why.words()
                    }
                };
                (format!("Nothing more is written there: {why}"), *at)
            }
        };
        let is_there = matches!(record.place, CommentPlace::There { .. });
        let id = record.id().filter(|_| is_there);
        Some(Self {
            url: id.and_then(|id| comment_address(candidate, id)),
            what,
            when: When::new(at, look.now),
        })
    }
}

impl ReadView {
    fn new(look: &Look<'_>, candidate: &Candidate, reception: &Reception) -> Self {
        let head = &candidate.head;
        let is_other = reception.head != *head;
        let is_merged = matches!(candidate.upstream, UpstreamState::Merged { .. });
        let merged_by = reception.merged_by.as_ref().filter(|_| is_merged);
        let reviews = reception.reviews.as_ref();
        let newest = reviews.map_or(&[][..], |it| &it.latest).iter().rev();
        Self {
            when: When::new(reception.read_at, look.now),
            other_head: is_other.then(|| reception.head.short().to_owned()),
            no_reviews: match reviews {
                None => "GitHub does not show the reviews.",
                Some(it) if !it.is_whole || it.latest.len() > SHOWN => "There are more.",
                Some(it) if it.latest.is_empty() => "Nobody reviewed it there.",
                Some(_) => "",
            },
            reviews: newest
                .take(SHOWN)
                .map(|it| ReviewView::new(look, head, it))
                .collect(),
            merged_by: merged_by.map(ToString::to_string),
            ci: reception.ci.as_ref().map(|ci| CiView::new(head, ci)),
        }
    }
}

impl ReviewView {
    fn new(look: &Look<'_>, head: &CommitSha, review: &Review) -> Self {
        let (tone, words) = review_words(&review.state);
        let login = review.by.as_ref().map(ToString::to_string);
        Self {
            login: login.unwrap_or_else(|| "an account that is gone".to_owned()),
            badge: Badge::new(tone, words),
            of: of(head, review.of.as_ref()),
            when: review.at.map(|at| When::new(at, look.now)),
        }
    }
}

impl CiView {
    fn new(head: &CommitSha, ci: &Ci) -> Self {
        let (tone, words) = ci_words(ci);
        Self {
            badge: Badge::new(tone, words),
            of: of(head, ci.of.as_ref()),
            failing: ci.failing.clone(),
            may_be_more: !ci.is_whole,
        }
    }
}

/// Which head something is of.
fn of(head: &CommitSha, of: Option<&CommitSha>) -> String {
    match of {
        Some(of) if of == head => "this head".to_owned(),
        Some(of) => format!("another head, {}", of.short()),
        None => "a head that GitHub does not name".to_owned(),
    }
}
