//! The lists: which pull requests changed, and which have the label.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{PrNumber, Timestamp};
use url::form_urlencoded;

use crate::client::{Answer, Client, Failure};
use crate::error::WatchError;
use crate::rows::{Head, Pull, split};

/// After this many pages (20,000 pull requests) reading on would cost more than starting afresh.
const MAX_PAGES: u32 = 200;

/// The repository that is listed.
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

/// Which pull requests are worth a look.
pub(crate) struct Interest<'a> {
    pub(crate) label: &'a str,
    pub(crate) known: &'a BTreeSet<PrNumber>,
    pub(crate) nominated: &'a BTreeSet<PrNumber>,
}

impl Interest<'_> {
    /// Whether a row is to be looked at. Where `until` says how far back changes count, an older
    /// row is one that was looked at before, except for one that was nominated since.
    fn covers(&self, row: &Head, until: Option<Timestamp>) -> bool {
        let is_known = self.known.contains(&row.number);
        let is_nominated = self.nominated.contains(&row.number);
        let is_old = until.is_some() && row.updated_at() < until;
        if is_old {
            return is_nominated && !is_known;
        }
        is_known || is_nominated || row.has_label(self.label)
    }
}

/// What the list of changes showed.
#[derive(Default)]
pub(crate) struct Listing {
    /// The pull requests of interest.
    pub(crate) pulls: BTreeMap<PrNumber, Pull>,
    /// All that it showed of interest, those that cannot be read included.
    pub(crate) shown: BTreeSet<PrNumber>,
    /// When the newest change was, of any pull request.
    pub(crate) newest: Option<Timestamp>,
    /// Whether it goes back as far as was asked for.
    pub(crate) is_whole: bool,
}

/// Lists what changed, newest first, back to `until` (at least one page; `None`: exactly one).
pub(crate) async fn changed(
    client: &Client,
    repository: &Repository,
    interest: &Interest<'_>,
    until: Option<Timestamp>,
) -> Result<Listing, WatchError> {
    let mut listing = Listing::default();
    for page in 1..=MAX_PAGES {
        let route = repository.route(&format!(
            "pulls?state=all&sort=updated&direction=desc&per_page=100&page={page}"
        ));
        let answer = match page {
            1 => client.get_if_changed(&route).await,
            _ => client.get(&route).await,
        };
        let answer = answer.map_err(|failure| repository.list_failure(failure))?;
        let oldest = listing.add(&answer, interest, until)?;
        let is_reached = until.is_none_or(|until| oldest.is_some_and(|oldest| oldest < until));
        if is_reached || !answer.has_next {
            listing.is_whole = true;
            break;
        }
    }
    Ok(listing)
}

impl Listing {
    /// Adds a page, and returns when its oldest change was.
    fn add(
        &mut self,
        answer: &Answer,
        interest: &Interest<'_>,
        until: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, WatchError> {
        let mut oldest = None;
        for row in split(&answer.body)? {
            let head = match Head::read(row) {
                Ok(head) => head,
                Err(reason) => {
                    tracing::warn!("skipped what cannot be read: {reason}");
                    continue;
                }
            };
            let updated_at = head.updated_at();
            self.newest = self.newest.max(updated_at);
            // Newest first: the last one that has a time is the oldest.
            oldest = updated_at.or(oldest);
            if interest.covers(&head, until) {
                self.shown.insert(head.number);
                self.add_pull(head.number, row.get());
            }
        }
        Ok(oldest)
    }

    fn add_pull(&mut self, number: PrNumber, row: &str) {
        let pull = match Pull::read(row) {
            Ok(pull) => pull,
            Err(reason) => {
                tracing::warn!(pr = number.0, "skipped pull request {number}: {reason}");
                return;
            }
        };
        // The list may have shifted while it was read, and show it twice.
        let known = self.pulls.get(&number);
        if known.is_none_or(|known| known.updated_at <= pull.updated_at) {
            self.pulls.insert(number, pull);
        }
    }
}

/// Lists the pull requests that have the label: those that are open, and those of whatever state
/// that changed since `since`.
///
/// GitHub's index of labels lags behind at times. Nothing depends on it but the first poll.
pub(crate) async fn labelled(
    client: &Client,
    repository: &Repository,
    label: &str,
    since: Timestamp,
) -> Result<BTreeSet<PrNumber>, WatchError> {
    let mut numbers = BTreeSet::new();
    let since = since.to_string();
    for filter in [
        vec![("state", "open")],
        vec![("state", "all"), ("since", &since)],
    ] {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("labels", label)
            .extend_pairs(filter)
            .finish();
        for page in 1..=MAX_PAGES {
            let route = format!("issues?{query}&per_page=100&page={page}");
            let answer = client.get(&repository.route(&route)).await;
            let answer = answer.map_err(|failure| repository.list_failure(failure))?;
            let rows = split(&answer.body)?.into_iter().filter_map(|row| {
                let head = Head::read(row);
                head.inspect_err(|reason| tracing::warn!("skipped what cannot be read: {reason}"))
                    .ok()
            });
            let rows = rows.filter(Head::is_pull_request);
            numbers.extend(rows.map(|row| row.number));
            if !answer.has_next {
                break;
            }
        }
    }
    Ok(numbers)
}
