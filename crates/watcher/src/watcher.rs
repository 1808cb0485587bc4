//! One step of watching.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use picket_domain::{Candidate, PassedBy, PrNumber, Scope, Timestamp, UpstreamState};

use crate::client::Client;
use crate::config::WatcherConfig;
use crate::cursor::{Cursor, Label};
use crate::error::WatchError;
use crate::failure::Failure;
use crate::known::Known;
use crate::page::{Interest, Page};
use crate::reception::Receptions;
use crate::repository::Repository;
use crate::rows;
use crate::schedule::Task;
use crate::traffic::Traffic;
use crate::walk::Walk;
use crate::wanted::{AllWanted, want};

/// What a step found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Pull requests of interest that may have changed, by number, without what git has of them.
    pub candidates: Vec<Candidate>,
    /// Candidates that were open and are not there any more.
    pub gone: Vec<PrNumber>,
    /// Version bumps that nothing makes candidates so far, where pull requests without the label are
    /// looked at.
    pub passed_by: Vec<PassedBy>,
    /// Whether there is nothing left to ask for until the next look.
    pub is_last: bool,
}

/// Watches the pull requests of one repository.
pub struct Watcher {
    client: Client,
    receptions: Receptions,
    repository: Repository,
    label: String,
    unlabelled: bool,
    scope: Scope,
}

impl Watcher {
    /// A watcher. It must be made within a Tokio runtime, and makes no request yet.
    ///
    /// # Errors
    /// [`WatchError::Configuration`] where the configuration cannot work.
    pub fn new(config: WatcherConfig) -> Result<Self, WatchError> {
        config.check()?;
        Ok(Self {
            client: Client::new(&config.api, config.token.clone())?,
            receptions: Receptions::new(&config)?,
            repository: Repository {
                owner: config.owner,
                name: config.repository,
            },
            label: config.label,
            unlabelled: config.unlabelled,
            scope: config.scope,
        })
    }

    /// Gives up on a request after this time, instead of 60 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self.receptions.set_timeout(timeout);
        self
    }

    /// What was asked of GitHub since the watcher was made.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// What asks for reviews and CI: with a limit and failures of its own.
    pub fn receptions(&self) -> &Receptions {
        &self.receptions
    }

    /// The repository that is watched: `OWNER/NAME`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.repository.owner, self.repository.name)
    }

    /// Begins another look at what changed, unless one is under way. Where the cursor is a new one,
    /// all that is known is looked at again.
    pub fn begin(&self, cursor: &mut Cursor, known: &Known) {
        if cursor.read_to.is_none() && cursor.under_way.is_none() {
            for open in known
                .values()
                .filter(|it| it.upstream == UpstreamState::Open)
            {
                want(
                    &mut cursor.wanted,
                    open.pr,
                    Some(open.updated_at),
                    Some(true),
                );
            }
        }
        cursor.begin(self.unlabelled || !self.scope.is_empty());
    }

    /// How many seconds are to be between two looks at least, so that what is left of the hourly
    /// limit lasts.
    pub fn seconds_between(&self) -> i64 {
        let budget = self.client.traffic().budget;
        budget.map_or(0, |budget| budget.seconds_between(self.client.now()))
    }

    /// Makes the next request: a page of a list, or one pull request. Of interest is what has the
    /// label, what says that it is a security fix or the port of one that is `known`, what is `known`, and
    /// what is `asked_for` by its number.
    ///
    /// What cannot be read is among [`Cursor::complaints`], is asked for again later, and holds
    /// nothing else up.
    ///
    /// # Errors
    /// What concerns every request, or a whole list. The cursor stays where it is.
    pub async fn step(
        &self,
        cursor: &mut Cursor,
        known: &Known,
        asked_for: &BTreeSet<PrNumber>,
    ) -> Result<Step, WatchError> {
        if let Some(until) = cursor.rest_until.filter(|it| *it > Timestamp::now()) {
            return Err(WatchError::RateLimited { until });
        }
        let now = self.client.now();
        for unknown in asked_for.iter().filter(|it| !known.contains_key(it)) {
            want(&mut cursor.wanted, *unknown, None, None);
        }
        let budget = self.client.traffic().budget;
        let is_scarce = budget.is_some_and(|budget| budget.is_low(now));
        let stepped = match cursor.next(now, is_scarce) {
            Some(Task::Page) => self.page(cursor, known).await,
            Some(Task::Label) => self.look_for_label(cursor).await,
            Some(Task::One(number)) => self.one(cursor, known, number, now).await,
            None => Ok(Step {
                is_last: true,
                ..Step::default()
            }),
        };
        if let Err(WatchError::RateLimited { until }) = &stepped {
            cursor.rest_until = Some(*until);
        }
        stepped
    }

    async fn page(&self, cursor: &mut Cursor, known: &Known) -> Result<Step, WatchError> {
        let Some(mut walk) = cursor.under_way.clone() else {
            return Ok(Step::default());
        };
        let route = self.repository.route(&walk.route(&self.label));
        let answer = match walk.is_head() {
            true => self.client.get_if_changed(&route).await,
            false => self.client.get(&route).await,
        };
        let answer = answer.map_err(|failure| self.repository.list_failure(failure))?;
        let interest = Interest {
            label: &self.label,
            unlabelled: self.unlabelled,
            scope: &self.scope,
            known,
        };
        let page = Page::read(&answer, &interest, &mut walk, &mut cursor.wanted)?;
        cursor.under_way = None;
        if walk.turn(&page.times, answer.has_next) {
            cursor.under_way = Some(walk);
        } else {
            miss(&walk, known, &self.label, &mut cursor.wanted);
            cursor.finished(walk);
        }
        tracing::debug!(candidates = page.candidates.len(), route, "read a page");
        Ok(Step {
            candidates: page.candidates.into_values().collect(),
            passed_by: page.passed_by,
            ..Step::default()
        })
    }

    /// Asks whether the repository has the label.
    async fn look_for_label(&self, cursor: &mut Cursor) -> Result<Step, WatchError> {
        let mut route = url::Url::parse("https://localhost").expect("it is an address");
        if let Ok(mut path) = route.path_segments_mut() {
            path.push(&self.label);
        }
        let route = self.repository.route(&format!("labels{}", route.path()));
        cursor.label = match self.client.get_once(&route).await {
            Err(Failure::Status { status, .. }) if is_gone(status) => Label::Missing,
            Err(Failure::Watch(error)) => return Err(error),
            // Whatever else it is, it is no sign that there is none.
            Ok(_) | Err(Failure::Status { .. }) => Label::Known,
        };
        Ok(Step::default())
    }

    async fn one(
        &self,
        cursor: &mut Cursor,
        known: &Known,
        number: PrNumber,
        now: Timestamp,
    ) -> Result<Step, WatchError> {
        match self.look_up(number).await? {
            Found::There(candidate) => {
                cursor.wanted.remove(&number);
                Ok(Step {
                    candidates: vec![*candidate],
                    ..Step::default()
                })
            }
            Found::Gone(_) if known.contains_key(&number) => {
                cursor.wanted.remove(&number);
                Ok(Step {
                    gone: vec![number],
                    ..Step::default()
                })
            }
            Found::Gone(reason) | Found::Unreadable(reason) => {
                want(&mut cursor.wanted, number, None, None).failed(&reason, now);
                Ok(Step::default())
            }
        }
    }

    async fn look_up(&self, number: PrNumber) -> Result<Found, WatchError> {
        let route = self.repository.route(&format!("pulls/{number}"));
        let read = match self.client.get_once(&route).await {
            Ok(answer) => rows::candidate(&answer.body),
            Err(Failure::Watch(error)) if error.concerns_all() => return Err(error),
            Err(Failure::Watch(error)) => Err(error.to_string()),
            Err(Failure::Status { status, message }) => {
                let reason = format!("GitHub answers {}: {message}", status.as_u16());
                if is_gone(status) {
                    return Ok(Found::Gone(reason));
                }
                Err(reason)
            }
        };
        Ok(match read {
            Ok(candidate) if candidate.pr == number => Found::There(Box::new(candidate)),
            Ok(other) => Found::Unreadable(format!("GitHub answers with number {}", other.pr)),
            Err(reason) => Found::Unreadable(reason),
        })
    }
}

/// What asking for one pull request came to.
enum Found {
    There(Box<Candidate>),
    Gone(String),
    Unreadable(String),
}

fn is_gone(status: http::StatusCode) -> bool {
    matches!(status, http::StatusCode::NOT_FOUND | http::StatusCode::GONE)
}

/// Candidates that count as open and have the label, and that the list of all such does not show any
/// more: each is looked at by itself.
fn miss(walk: &Walk, known: &Known, label: &str, wanted: &mut AllWanted) {
    let Walk::Labelled { seen, begun, .. } = walk else {
        return;
    };
    let is_missed = |candidate: &&Arc<Candidate>| {
        let mut labels = candidate.labels.iter();
        candidate.upstream == UpstreamState::Open
            && candidate.updated_at < *begun
            && labels.any(|it| it.eq_ignore_ascii_case(label))
            && !seen.contains(&candidate.pr)
    };
    // Where it shows none at all, it is the list that is not to be believed.
    if seen.is_empty() {
        return;
    }
    for missed in known.values().filter(is_missed) {
        // Where many are missing, they are looked for in the list of all open ones first.
        want(wanted, missed.pr, Some(missed.updated_at), Some(true));
    }
}
