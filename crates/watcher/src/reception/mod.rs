//! What upstream makes of pull requests: reviews, who merged them, and what CI says of them.
//!
//! GitHub's [GraphQL API](https://docs.github.com/en/graphql) tells it of many at once. It takes a
//! token, has a limit of its own, in points, and answers with data and errors side by side. So it has
//! a client of its own here: nothing that goes wrong with it holds up the watching.

mod answer;
mod due;
mod maybe;
mod pace;
mod query;
mod row;
mod told;

use std::collections::BTreeMap;
use std::time::Duration;

use picket_domain::{PrNumber, Timestamp};
use url::Url;

use self::answer::Answered;
use crate::budget::Budget;
use crate::client::{Answer, Client};
use crate::config::WatcherConfig;
use crate::error::WatchError;
use crate::failure::Failure;
use crate::repository::Repository;
use crate::traffic::Traffic;

pub use due::{Due, Subject, due};
pub use pace::{InvalidPace, ReceptionPace};
pub use told::Told;

/// Below so many points nothing more is asked for until there are all of them again: the token may be
/// others' too.
const RESERVE: u64 = 50;

/// Asks what upstream makes of pull requests.
pub struct Receptions {
    client: Client,
    repository: Repository,
}

impl Receptions {
    /// Must be called within a Tokio runtime; makes no request yet.
    pub(crate) fn new(config: &WatcherConfig) -> Result<Self, WatchError> {
        Ok(Self {
            client: Client::new(&root(&config.api), config.token.clone())?,
            repository: Repository {
                owner: config.owner.clone(),
                name: config.repository.clone(),
            },
        })
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.client.timeout = timeout;
    }

    /// Whether there is a token. Without one GitHub refuses whatever is asked.
    pub fn has_token(&self) -> bool {
        self.client.has_token()
    }

    /// What was asked since the start. The budget counts points.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Asks for some pull requests, [`ReceptionPace::AT_ONCE`] at most, in one request. What GitHub
    /// does not show of one of them holds no other one up.
    ///
    /// # Errors
    /// There is nothing of any of them.
    pub async fn read(&self, of: &[PrNumber]) -> Result<BTreeMap<PrNumber, Told>, WatchError> {
        let query = query::of(&self.repository, of);
        let asked = self.client.post("/graphql", &query).await;
        let answer = asked.map_err(|failure| self.failed(failure))?;
        let answered = Answered::read(&answer.body)?;
        if let Some(budget) = answered.budget() {
            self.client.set_budget(budget);
        }
        if let Some(problem) = answered.problem() {
            return Err(self.refused(&problem, &answer));
        }
        let told = of
            .iter()
            .map(|pr| (*pr, answered.reception(*pr, answer.date)));
        Ok(told.collect())
    }

    /// Until when nothing more is to be asked for, as far as GitHub last said how many points are left.
    pub fn rests_until(&self) -> Option<Timestamp> {
        let budget = self.client.traffic().budget?;
        let left = budget.resets_at.seconds_since(self.client.now());
        // A second more, for the clocks.
        (budget.remaining < RESERVE && left > 0).then(|| Timestamp::now().plus_seconds(left + 1))
    }

    fn failed(&self, failure: Failure) -> WatchError {
        match failure {
            Failure::Watch(error) => error,
            Failure::Status { status, message } => {
                WatchError::NotGitHub(format!("{}: {message}", status.as_u16()))
            }
        }
    }

    /// An answer that has errors, and nothing else.
    fn refused(&self, problem: &answer::Problem, answer: &Answer) -> WatchError {
        match problem {
            answer::Problem::Limit => {
                let spent = self
                    .client
                    .traffic()
                    .budget
                    .filter(|it| it.remaining < RESERVE);
                let seconds = spent
                    .map(|it: Budget| it.resets_at.seconds_since(answer.date).saturating_add(1));
                WatchError::limited_for(seconds)
            }
            answer::Problem::NoRepository => WatchError::RepositoryNotFound {
                owner: self.repository.owner.clone(),
                repository: self.repository.name.clone(),
            },
            answer::Problem::Forbidden(message) => WatchError::Forbidden(message.clone()),
            answer::Problem::Failure(message) => WatchError::Unavailable(message.clone()),
        }
    }
}

/// Where `/graphql` is below: GitHub Enterprise has it beside its REST API, at `/api/graphql` and
/// `/api/v3`.
fn root(api: &Url) -> Url {
    let mut root = api.clone();
    let path = api.path().trim_end_matches('/');
    if let Some(beside) = path.strip_suffix("/api/v3") {
        root.set_path(&format!("{beside}/api"));
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enterprise_has_it_beside_its_rest_api() {
        let root = |api: &str| root(&api.parse().unwrap()).to_string();
        assert_eq!(root("https://api.github.com"), "https://api.github.com/");
        for api in ["https://git.example/api/v3", "https://git.example/api/v3/"] {
            assert_eq!(root(api), "https://git.example/api");
        }
        assert_eq!(root("http://localhost/below"), "http://localhost/below");
    }
}
