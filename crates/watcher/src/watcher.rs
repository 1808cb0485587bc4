//! The poll.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use picket_domain::{Candidate, PrNumber, Timestamp};

use crate::client::{Client, Failure};
use crate::config::WatcherConfig;
use crate::cursor::Cursor;
use crate::details::{self, Details, Remembered};
use crate::error::WatchError;
use crate::listing::{self, Interest, Listing, Repository};
use crate::rows::Pull;

/// Each poll looks this many seconds behind the cursor again, for replicas that lag behind.
const OVERLAP: i64 = 10 * 60;
/// The first poll looks for labelled pull requests that were merged or closed in the last 30 days:
/// the stable channel may not have them yet.
const LOOK_BACK: i64 = 30 * 24 * 60 * 60;

/// What a poll found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// The pull requests of interest that may have changed, by number. Some may be unchanged.
    pub candidates: Vec<Candidate>,
    /// Where the poll got to. To be stored after the candidates.
    pub cursor: Cursor,
}

/// Watches the pull requests of one repository.
pub struct Watcher {
    client: Client,
    repository: Repository,
    label: String,
    remembered: Remembered,
    /// Numbers that turned out not to be readable pull requests: asked for once is enough.
    given_up: Mutex<BTreeSet<PrNumber>>,
}

impl Watcher {
    /// A watcher. It must be made within a Tokio runtime, and makes no request yet.
    ///
    /// # Errors
    /// [`WatchError::Configuration`] where the configuration cannot work.
    pub fn new(config: WatcherConfig) -> Result<Self, WatchError> {
        config.check()?;
        Ok(Self {
            client: Client::new(&config)?,
            repository: Repository {
                owner: config.owner,
                name: config.repository,
            },
            label: config.label,
            remembered: Remembered::default(),
            given_up: Mutex::default(),
        })
    }

    /// Gives up on a request after this time, instead of 60 seconds.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self
    }

    /// Asks GitHub which pull requests of interest changed since `cursor`. Of interest is what has
    /// the label, what is `known` (the candidates so far: a label may be taken off), and what was
    /// `nominated`. Without a cursor it finds all of them, whenever they changed.
    ///
    /// A pull request that cannot be read is left out, with a warning that has its number.
    ///
    /// # Errors
    /// Whatever made it stop half-way. There is no new cursor then, so that nothing is skipped:
    /// the next poll starts over, and what was fetched is not fetched again.
    pub async fn poll(
        &self,
        cursor: Option<&Cursor>,
        known: &BTreeSet<PrNumber>,
        nominated: &BTreeSet<PrNumber>,
    ) -> Result<Poll, WatchError> {
        let interest = Interest {
            label: &self.label,
            known,
            nominated,
        };
        let mut listing = self.changed_since(cursor, &interest).await?;
        let wanted = match cursor {
            // Where the cursor is too old to read all changes since, everything is looked up.
            Some(_) if listing.is_whole => nominated - known,
            _ => &(&self.labelled(&listing).await? | known) | nominated,
        };
        self.look_up(&wanted, &mut listing).await?;
        let newest = listing.newest.max(cursor.map(Cursor::newest));
        let mut candidates = Vec::new();
        for pull in listing.pulls.into_values() {
            candidates.extend(self.candidate(pull).await?);
        }
        let cursor = Cursor::new(newest.unwrap_or(Timestamp::from_unix(0)));
        tracing::debug!(candidates = candidates.len(), %cursor, "polled GitHub");
        Ok(Poll { candidates, cursor })
    }

    async fn changed_since(
        &self,
        cursor: Option<&Cursor>,
        interest: &Interest<'_>,
    ) -> Result<Listing, WatchError> {
        let until = cursor.map(|cursor| cursor.newest().plus_seconds(-OVERLAP));
        listing::changed(&self.client, &self.repository, interest, until).await
    }

    async fn labelled(&self, listing: &Listing) -> Result<BTreeSet<PrNumber>, WatchError> {
        let newest = listing.newest.unwrap_or(Timestamp::from_unix(0));
        let since = newest.plus_seconds(-LOOK_BACK);
        listing::labelled(&self.client, &self.repository, &self.label, since).await
    }

    /// Adds the pull requests that the list did not show.
    async fn look_up(
        &self,
        wanted: &BTreeSet<PrNumber>,
        listing: &mut Listing,
    ) -> Result<(), WatchError> {
        for number in wanted - &listing.shown {
            if self.has_given_up(number) {
                continue;
            }
            match self.pull(number).await? {
                Some(pull) => {
                    listing.pulls.insert(number, pull);
                }
                None => self.give_up(number),
            }
        }
        Ok(())
    }

    fn has_given_up(&self, number: PrNumber) -> bool {
        let given_up = self.given_up.lock();
        let given_up = given_up.unwrap_or_else(PoisonError::into_inner);
        given_up.contains(&number)
    }

    fn give_up(&self, number: PrNumber) {
        let given_up = self.given_up.lock();
        given_up
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number);
    }

    /// Reads one pull request by its number; `None` where it is not there or cannot be read.
    async fn pull(&self, number: PrNumber) -> Result<Option<Pull>, WatchError> {
        let route = self.repository.route(&format!("pulls/{number}"));
        let read = match self.client.get(&route).await {
            Ok(answer) => Pull::read(&answer.body),
            Err(Failure::Watch(error)) => return Err(error),
            Err(Failure::Status { status, message }) => {
                Err(format!("GitHub answers {}: {message}", status.as_u16()))
            }
        };
        let read = read.and_then(|pull| match pull.number == number {
            true => Ok(pull),
            false => Err(format!("GitHub answers with number {}", pull.number)),
        });
        if let Err(reason) = &read {
            tracing::warn!(pr = number.0, "skipped pull request {number}: {reason}");
        }
        Ok(read.ok())
    }

    /// Completes a pull request by its commits and files.
    async fn candidate(&self, pull: Pull) -> Result<Option<Candidate>, WatchError> {
        if let Some(details) = self.remembered.of(&pull) {
            return Ok(Some(details.complete(pull)));
        }
        let Some(details) = details::fetch(&self.client, &self.repository, &pull).await? else {
            return Ok(None);
        };
        if details.are_of(&pull.head) {
            return Ok(Some(self.found(pull, details)));
        }
        self.candidate_that_moved(pull.number).await
    }

    /// Starts over with a pull request that was pushed to since the list was read.
    async fn candidate_that_moved(
        &self,
        number: PrNumber,
    ) -> Result<Option<Candidate>, WatchError> {
        let Some(pull) = self.pull(number).await? else {
            return Ok(None);
        };
        let Some(details) = details::fetch(&self.client, &self.repository, &pull).await? else {
            return Ok(None);
        };
        if details.are_of(&pull.head) {
            return Ok(Some(self.found(pull, details)));
        }
        // Pushed to again, or GitHub lists commits that its head does not have. What counts is the
        // head; nothing is remembered, so that the next change is looked at anew.
        tracing::warn!(
            pr = number.0,
            "pull request {number}: its commits lack its head"
        );
        Ok(Some(details.complete(pull)))
    }

    fn found(&self, pull: Pull, details: Details) -> Candidate {
        let details = Arc::new(details);
        self.remembered.keep(&pull, &details);
        let candidate = details.complete(pull);
        tracing::info!(
            target: "picket::progress",
            pr = candidate.pr.0,
            head = candidate.head.as_str(),
            "watching pull request {}: {}",
            candidate.pr,
            candidate.title,
        );
        candidate
    }
}
