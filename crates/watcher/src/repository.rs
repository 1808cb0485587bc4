//! The repository that is watched.

use crate::error::WatchError;
use crate::failure::Failure;

/// By its names on GitHub.
pub(crate) struct Repository {
    pub(crate) owner: String,
    pub(crate) name: String,
}

impl Repository {
    /// The route of something in the repository.
    pub(crate) fn route(&self, rest: &str) -> String {
        format!("/repos/{}/{}/{rest}", self.owner, self.name)
    }

    /// What a failure of a list means: a list that is not there is a repository that is not there.
    pub(crate) fn list_failure(&self, failure: Failure) -> WatchError {
        match failure {
            Failure::Watch(error) => error,
            Failure::Status { status, .. } if status == http::StatusCode::NOT_FOUND => {
                WatchError::RepositoryNotFound {
                    owner: self.owner.clone(),
                    repository: self.name.clone(),
                }
            }
            Failure::Status { status, message } => {
                WatchError::NotGitHub(format!("{}: {message}", status.as_u16()))
            }
        }
    }
}
