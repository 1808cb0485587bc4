//! What upstream makes of a pull request: reviews, who merged it, and what its CI says.
//!
//! None of it is a decision of the team. An approval upstream is not one of ours and counts for
//! nothing here; it is shown to those who decide.

use serde::{Deserialize, Serialize};

use crate::candidate::Candidate;
use crate::id::{CommitSha, Login};
use crate::time::Timestamp;

/// What came of asking what upstream makes of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceptionReading {
    /// When it was last asked for.
    pub asked_at: Timestamp,
    /// Which change of the pull request was the last one known then, see [`Candidate::updated_at`].
    pub of_change: Timestamp,
    /// What was last read.
    pub reception: Option<Reception>,
    /// Why the last asking brought nothing, where it did not.
    pub refused: Option<String>,
}

/// What upstream makes of a pull request, as GitHub showed it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// The head that the pull request had on GitHub then.
    pub head: CommitSha,
    /// When that was.
    pub read_at: Timestamp,
    /// What reviewers said; `None` where GitHub did not show it.
    pub reviews: Option<Reviews>,
    /// Who merged it; `None` where nobody did, their account is gone, or GitHub did not show it.
    pub merged_by: Option<Login>,
    /// What CI says; `None` where GitHub did not show it.
    pub ci: Option<Ci>,
}

/// The last review of each reviewer, oldest first. Mere comments are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviews {
    /// The reviews.
    pub latest: Vec<Review>,
    /// Whether there are no others: of very many the last ones were read.
    pub is_whole: bool,
}

/// A review on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who gave it; `None` where the account is gone.
    pub by: Option<Login>,
    /// What it says.
    pub state: ReviewState,
    /// The head that it was given to; `None` where GitHub does not have it any more.
    pub of: Option<CommitSha>,
    /// When.
    pub at: Option<Timestamp>,
}

/// What a review says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// To merge it.
    Approved,
    /// Not to merge it as it is.
    ChangesRequested,
    /// Nothing any more: it was dismissed.
    Dismissed,
    /// What this version does not know, in GitHub's word.
    Other(String),
}

/// What CI says of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ci {
    /// The commit: the last one of the pull request.
    pub of: Option<CommitSha>,
    /// All of it taken together.
    pub state: CiState,
    /// The names of the checks that fail.
    pub failing: Vec<String>,
    /// Whether no other one fails: of very many checks the first were read.
    pub is_whole: bool,
}

/// What all checks of a commit come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CiState {
    /// There are no checks.
    None,
    /// All pass.
    Success,
    /// Some fail.
    Failing,
    /// Some are not done yet.
    Pending,
    /// What this version does not know, in GitHub's word.
    Other(String),
}

impl ReceptionReading {
    /// It was read of a candidate, as it is known now.
    pub fn read(of: &Candidate, reception: Reception, at: Timestamp) -> Self {
        Self {
            asked_at: at,
            of_change: of.updated_at,
            reception: Some(reception),
            refused: None,
        }
    }

    /// It was asked for, and GitHub does not show it. What was read before stays.
    pub fn refused(of: &Candidate, before: Option<&Self>, reason: String, at: Timestamp) -> Self {
        Self {
            asked_at: at,
            of_change: of.updated_at,
            reception: before.and_then(|before| before.reception.clone()),
            refused: Some(reason),
        }
    }
}

impl Reception {
    /// The approvals that were given to this head, upstream.
    pub fn approvals_of<'a>(&'a self, head: &'a CommitSha) -> impl Iterator<Item = &'a Review> {
        let reviews = self.reviews.iter().flat_map(|it| &it.latest);
        reviews.filter(move |it| it.state == ReviewState::Approved && it.of.as_ref() == Some(head))
    }

    /// What CI says of this head, where it is the one that was read.
    pub fn ci_of(&self, head: &CommitSha) -> Option<&Ci> {
        self.ci.as_ref().filter(|ci| ci.of.as_ref() == Some(head))
    }
}

impl Reviews {
    /// Of reviews in the order in which they were given, the last of each reviewer. Those of
    /// accounts that are gone cannot be told apart, and all stay.
    pub fn latest_of(all: Vec<Review>, is_whole: bool) -> Self {
        let mut latest: Vec<Review> = Vec::new();
        for review in all {
            latest.retain(|it| it.by.is_none() || it.by != review.by);
            latest.push(review);
        }
        Self { latest, is_whole }
    }
}

impl ReviewState {
    /// Its name, for records.
    pub fn name(&self) -> &str {
        match self {
            Self::Approved => "approved",
            Self::ChangesRequested => "changes_requested",
            Self::Dismissed => "dismissed",
            Self::Other(word) => word,
        }
    }
}

impl CiState {
    /// Its name, for records.
    pub fn name(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Success => "success",
            Self::Failing => "failing",
            Self::Pending => "pending",
            Self::Other(word) => word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{candidate, sha};

    fn review(by: Option<&str>, state: ReviewState, of: &str) -> Review {
        Review {
            by: by.map(|by| Login::parse(by).unwrap()),
            state,
            of: Some(sha(of)),
            at: None,
        }
    }

    fn reception(reviews: Reviews) -> Reception {
        Reception {
            head: sha("new"),
            read_at: Timestamp::from_unix(9),
            reviews: Some(reviews),
            merged_by: None,
            ci: None,
        }
    }

    #[test]
    fn the_last_word_of_each_reviewer_counts_for_the_head_that_it_was_given_to() {
        use ReviewState::{Approved, ChangesRequested};
        let all = vec![
            review(Some("ada"), Approved, "new"),
            review(None, Approved, "new"),
            review(Some("grace"), Approved, "old"),
            review(None, Approved, "new"),
            review(Some("Ada"), ChangesRequested, "new"),
        ];
        let reviews = Reviews::latest_of(all, true);
        let states = reviews.latest.iter().map(|it| it.state.clone());
        let expected = [Approved, Approved, Approved, ChangesRequested];
        assert_eq!(states.collect::<Vec<_>>(), expected);
        let reception = reception(reviews);
        assert_eq!(reception.approvals_of(&sha("new")).count(), 2);
        assert_eq!(reception.approvals_of(&sha("old")).count(), 1);
    }

    #[test]
    fn a_refusal_takes_nothing_away() {
        let candidate = candidate(7, "new");
        let (at, later) = (Timestamp::from_unix(9), Timestamp::from_unix(10));
        let read = ReceptionReading::read(&candidate, reception(Reviews::default()), at);
        let refused = ReceptionReading::refused(&candidate, Some(&read), "no".into(), later);
        assert_eq!(refused.reception, read.reception);
        assert_eq!(refused.asked_at, later);
    }
}
