//! An answer of the GraphQL API: data, errors, or both.

use std::collections::BTreeMap;

use picket_domain::{PrNumber, Timestamp, text};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::maybe::Maybe;
use super::query::alias;
use super::row;
use super::told::Told;
use crate::budget::Budget;
use crate::error::WatchError;

/// An answer, of which each pull request is read by itself.
#[derive(Deserialize)]
pub(super) struct Answered<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(default)]
    errors: Maybe<Vec<ErrorRow>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(default, rename = "rateLimit")]
    rate_limit: Maybe<RateRow>,
    #[serde(borrow)]
    repository: Option<BTreeMap<String, &'a RawValue>>,
}

#[derive(Deserialize)]
struct RateRow {
    limit: u64,
    remaining: u64,
    #[serde(rename = "resetAt")]
    reset_at: String,
}

#[derive(Deserialize)]
struct ErrorRow {
    #[serde(default)]
    r#type: Maybe<String>,
    #[serde(default)]
    message: Maybe<String>,
    #[serde(default)]
    path: Maybe<Vec<Value>>,
}

/// Why there is nothing of any pull request.
pub(super) enum Problem {
    Limit,
    NoRepository,
    Forbidden(String),
    Failure(String),
}

impl<'a> Answered<'a> {
    pub(super) fn read(body: &'a str) -> Result<Self, WatchError> {
        let answered: Self = serde_json::from_str(body)
            .map_err(|error| WatchError::NotGitHub(format!("data was expected: {error}")))?;
        match (&answered.data, answered.errors().is_empty()) {
            (None, true) => Err(WatchError::NotGitHub("neither data nor errors".into())),
            _ => Ok(answered),
        }
    }

    pub(super) fn budget(&self) -> Option<Budget> {
        let row = self.data.as_ref()?.rate_limit.0.as_ref()?;
        Some(Budget {
            limit: row.limit,
            remaining: row.remaining,
            resets_at: Timestamp::parse_rfc3339(&row.reset_at)?,
        })
    }

    /// Why there is nothing of any of them, where that is so.
    pub(super) fn problem(&self) -> Option<Problem> {
        if self.pulls().is_some() {
            return None;
        }
        let Some(error) = self.errors().first() else {
            return Some(Problem::NoRepository);
        };
        let message = text::line(
            error.message.0.as_deref().unwrap_or_default(),
            text::MAX_LINE,
        );
        let is_limit = message.to_ascii_lowercase().contains("rate limit");
        Some(match error.r#type.0.as_deref() {
            Some("RATE_LIMITED" | "RATE_LIMIT") => Problem::Limit,
            _ if is_limit => Problem::Limit,
            Some("NOT_FOUND") => Problem::NoRepository,
            Some("FORBIDDEN" | "INSUFFICIENT_SCOPES") => Problem::Forbidden(message),
            _ => Problem::Failure(message),
        })
    }

    /// What there is of a pull request.
    pub(super) fn reception(&self, pr: PrNumber, at: Timestamp) -> Told {
        let alias = alias(pr);
        let shown = self.pulls().and_then(|pulls| pulls.get(&alias));
        let shown = shown.filter(|row| row.get() != "null");
        let Some(shown) = shown else {
            return Err(self.why(&alias));
        };
        row::reception(shown, at, |field| self.lacks(&alias, field))
    }

    fn pulls(&self) -> Option<&BTreeMap<String, &'a RawValue>> {
        self.data.as_ref()?.repository.as_ref()
    }

    fn errors(&self) -> &[ErrorRow] {
        self.errors.0.as_deref().unwrap_or_default()
    }

    /// Why a pull request is not shown, in GitHub's words.
    fn why(&self, alias: &str) -> String {
        let mut about = self.errors().iter().filter(|error| error.is_about(alias));
        let message = about.next().and_then(|error| error.message.0.as_deref());
        let message = message.filter(|message| !message.trim().is_empty());
        text::line(message.unwrap_or("it is not in the answer"), text::MAX_LINE)
    }

    /// Whether an error may be why a field of a pull request is not there.
    fn lacks(&self, alias: &str, field: &str) -> bool {
        let of_field = |error: &&ErrorRow| error.is_about(alias) && error.may_be_of(field);
        self.errors().iter().any(|error| of_field(&error))
    }
}

impl ErrorRow {
    /// One that has no path may be about anything.
    fn is_about(&self, alias: &str) -> bool {
        let place = self.path.0.as_ref().map(|path| path.get(1));
        place.is_none_or(|place| place.and_then(Value::as_str) == Some(alias))
    }

    fn may_be_of(&self, field: &str) -> bool {
        let place = self.path.0.as_ref().map(|path| path.get(2));
        place.is_none_or(|place| place.and_then(Value::as_str) == Some(field))
    }
}
