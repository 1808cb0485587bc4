//! What a check finds.

use std::collections::BTreeMap;
use std::fmt;

use picket_domain::{ReleaseName, StorePath};
use thiserror::Error;

use crate::error::{PublishError, list};

/// Why a release did not pass its check.
#[derive(Debug, Error)]
pub enum CheckError {
    /// It was read, and this is wrong with it.
    #[error(transparent)]
    Incomplete(#[from] CheckProblems),
    /// It could not be read.
    #[error(transparent)]
    Failed(#[from] PublishError),
}

/// All that is wrong with a release. There is at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckProblems {
    /// The release.
    pub name: ReleaseName,
    /// Store paths of ours whose narinfo or NAR is damaged or missing, and what is wrong:
    /// [`crate::Publisher::repair`] makes them again.
    pub repairable: BTreeMap<StorePath, String>,
    /// What else is wrong, one sentence each.
    pub others: Vec<String>,
}

impl std::error::Error for CheckProblems {}

impl fmt::Display for CheckProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.others.iter().chain(self.repairable.values());
        let all: Vec<_> = all.cloned().collect();
        write!(
            f,
            "the release {} is not complete: {}",
            self.name,
            list(&all)
        )
    }
}

/// What is wrong with a store path in the binary cache, as a sentence.
#[derive(Debug)]
pub(crate) enum PathProblem {
    /// It can be made again.
    Repairable(String),
    /// Making it again would not help.
    Other(String),
}
