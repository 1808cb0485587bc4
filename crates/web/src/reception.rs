//! What upstream makes of a candidate, in words. None of it is a decision of the team.

use picket_domain::{
    Board, Candidate, Ci, CiState, Lane, Reception, ReceptionReading, ReviewState, StatusGroup,
    Trouble,
};

use crate::look::Look;

/// Why it is not known, or not as of now.
pub(crate) enum Unknown<'a> {
    /// GitHub tells it only to those who have a token.
    NoToken,
    /// GitHub did not show it of this one, for this reason.
    Refused(&'a str),
    /// Asking for it fails.
    Failing(&'a Trouble),
    /// It is not asked for: nothing is left to do.
    Settled,
    /// It was not asked for yet.
    Unread,
}

impl Unknown<'_> {
    /// A word for it, for records.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Refused(_) => "refused",
            Self::Failing(_) => "failing",
            Self::Settled => "settled",
            Self::Unread => "unread",
        }
    }

    /// As a sentence. What went wrong may name what is inside this server: only members see that.
    pub(crate) fn sentence(&self, is_member: bool) -> String {
        let why = |error: &str| match is_member {
            true => format!(": {error}"),
            false => ".".to_owned(),
        };
        match self {
            Self::NoToken => {
                "GitHub tells reviews and CI only to those who have a token, and this \
                server has none."
                    .to_owned()
            }
            Self::Refused(reason) => {
                format!(
                    "GitHub did not show it when it was last asked{}",
                    why(reason)
                )
            }
            Self::Failing(trouble) => {
                format!(
                    "Asking GitHub for it fails, and is tried again{}",
                    why(&trouble.error)
                )
            }
            Self::Settled => "It is not asked for: nothing is left to decide here.".to_owned(),
            Self::Unread => "Not read yet.".to_owned(),
        }
    }
}

/// What was read of a candidate.
pub(crate) fn reception<'a>(look: &'a Look<'_>, candidate: &Candidate) -> Option<&'a Reception> {
    reading(look, candidate)?.reception.as_ref()
}

fn reading<'a>(look: &'a Look<'_>, candidate: &Candidate) -> Option<&'a ReceptionReading> {
    look.facts.receptions.get(&candidate.pr).map(AsRef::as_ref)
}

/// Why it is not known as of now; `None` where it is.
pub(crate) fn unknown<'a>(
    look: &'a Look<'_>,
    board: &'a Board,
    candidate: &Candidate,
) -> Option<Unknown<'a>> {
    let reading = reading(look, candidate);
    if board.reviews().is_some_and(|it| !it.has_token) {
        return Some(Unknown::NoToken);
    }
    if let Some(reason) = reading.and_then(|it| it.refused.as_deref()) {
        return Some(Unknown::Refused(reason));
    }
    let mut troubles = board.troubles().into_iter();
    if let Some(trouble) = troubles.find(|it| it.lane == Lane::Reception) {
        return Some(Unknown::Failing(trouble));
    }
    let is_settled = look.status(candidate).group() == StatusGroup::Done;
    match reading {
        Some(_) => None,
        None if is_settled => Some(Unknown::Settled),
        None => Some(Unknown::Unread),
    }
}

/// In a few words what upstream makes of a candidate's head: how many approve, and whether its CI
/// fails. Empty where neither is so.
pub(crate) fn brief(look: &Look<'_>, candidate: &Candidate) -> String {
    let Some(reception) = reception(look, candidate) else {
        return String::new();
    };
    let approved = match reception.approvals_of(&candidate.head).count() {
        0 => None,
        count => Some(format!("approved upstream by {count}")),
    };
    let ci = reception.ci_of(&candidate.head);
    let fails = ci.filter(|ci| ci.state == CiState::Failing);
    let fails = fails.map(|_| "upstream CI fails".to_owned());
    let words: Vec<_> = approved.into_iter().chain(fails).collect();
    words.join(", ")
}

/// A review's tone and words.
pub(crate) fn review_words(state: &ReviewState) -> (&'static str, String) {
    match state {
        ReviewState::Approved => ("", "Approved upstream".to_owned()),
        ReviewState::ChangesRequested => ("warn", "Asked for changes upstream".to_owned()),
        ReviewState::Dismissed => ("", "Review dismissed upstream".to_owned()),
        ReviewState::Other(word) => ("", format!("Said {word} upstream")),
    }
}

/// CI's tone and words.
pub(crate) fn ci_words(ci: &Ci) -> (&'static str, String) {
    match &ci.state {
        CiState::None => ("", "No CI".to_owned()),
        CiState::Success => ("", "CI passes".to_owned()),
        CiState::Failing => ("bad", "CI fails".to_owned()),
        CiState::Pending => ("", "CI is not done".to_owned()),
        CiState::Other(word) => ("", format!("CI says {word}")),
    }
}
