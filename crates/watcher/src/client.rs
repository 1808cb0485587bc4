//! GitHub over HTTP: one request at a time, bounded in size and time, failures sorted.

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::{AUTHORIZATION, DATE, ETAG, IF_NONE_MATCH, LINK};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use picket_domain::{Timestamp, text};
use serde::Deserialize;

use crate::budget::Budget;
use crate::config::{Token, WatcherConfig};
use crate::error::WatchError;
use crate::surrogates;
use crate::traffic::Traffic;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of 100 pull requests with the longest descriptions has about 30 MiB.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// How long to wait where GitHub does not say: its documentation asks for at least a minute.
const UNTOLD_WAIT: i64 = 60;
/// The longest wait that is believed. The primary limit ends within the hour.
const MAX_WAIT: i64 = 2 * 60 * 60;

/// An answer that GitHub gave.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) body: Arc<str>,
    /// Whether the list has a page after this one.
    pub(crate) has_next: bool,
    /// When GitHub says that it answered.
    pub(crate) date: Timestamp,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It concerns every request.
    Watch(WatchError),
    /// It concerns what was asked for: it is not there, or GitHub cannot show it.
    Status { status: StatusCode, message: String },
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        Self::Watch(error)
    }
}

pub(crate) struct Client {
    github: Octocrab,
    token: Option<Token>,
    /// The answer that [`Client::get_if_changed`] got last.
    last: Mutex<Option<Tagged>>,
    traffic: Mutex<Traffic>,
    /// By how many seconds GitHub's clock is ahead of ours.
    ahead: AtomicI64,
    pub(crate) timeout: Duration,
}

struct Tagged {
    route: String,
    etag: HeaderValue,
    answer: Answer,
}

impl Client {
    /// Must be called within a Tokio runtime: octocrab spawns a task that lasts as long as it.
    pub(crate) fn new(config: &WatcherConfig) -> Result<Self, WatchError> {
        let unusable = |error: octocrab::Error| WatchError::Configuration(chain(&error));
        let builder = Octocrab::builder()
            .base_uri(config.api.as_str())
            .map_err(unusable)?
            .set_connect_timeout(Some(CONNECT_TIMEOUT))
            .set_read_timeout(Some(READ_TIMEOUT))
            .set_write_timeout(Some(READ_TIMEOUT))
            // Octocrab would try again at once, after a 429 too. What is worth another try is
            // tried again here.
            .add_retry_config(RetryConfig::None);
        Ok(Self {
            github: builder.build().map_err(unusable)?,
            token: config.token.clone(),
            last: Mutex::new(None),
            traffic: Mutex::default(),
            ahead: AtomicI64::new(0),
            timeout: Duration::from_secs(60),
        })
    }

    /// Asks for something. A failure of GitHub itself (5xx) or of the connection is tried once
    /// more: single ones are common.
    pub(crate) async fn get(&self, route: &str) -> Result<Answer, Failure> {
        let answer = self.send_twice(route, &HeaderMap::new()).await?;
        answer.map(|(answer, _)| answer).ok_or_else(unasked_304)
    }

    /// Like [`Client::get`], and is not tried once more.
    pub(crate) async fn get_once(&self, route: &str) -> Result<Answer, Failure> {
        let answer = self.send(route, &HeaderMap::new()).await?;
        answer.map(|(answer, _)| answer).ok_or_else(unasked_304)
    }

    /// The time by GitHub's clock, as far as its last answer told.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().plus_seconds(self.ahead.load(Ordering::Relaxed))
    }

    /// What was asked and answered so far.
    pub(crate) fn traffic(&self) -> Traffic {
        *self.counting()
    }

    fn counting(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Like [`Client::get`]; asking again for what has not changed since is free.
    pub(crate) async fn get_if_changed(&self, route: &str) -> Result<Answer, Failure> {
        let known = self.known(route);
        let mut headers = HeaderMap::new();
        if let Some((etag, _)) = &known {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        match (self.send_twice(route, &headers).await?, known) {
            (None, Some((_, answer))) => Ok(Answer {
                date: self.now(),
                ..answer
            }),
            (None, None) => Err(unasked_304()),
            (Some((answer, etag)), _) => {
                self.remember(route, etag, &answer);
                Ok(answer)
            }
        }
    }

    fn known(&self, route: &str) -> Option<(HeaderValue, Answer)> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.as_ref().filter(|tagged| tagged.route == route)?;
        Some((known.etag.clone(), known.answer.clone()))
    }

    fn remember(&self, route: &str, etag: Option<HeaderValue>, answer: &Answer) {
        let tagged = etag.map(|etag| Tagged {
            route: route.to_owned(),
            etag,
            answer: answer.clone(),
        });
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = tagged;
    }

    async fn send_twice(&self, route: &str, headers: &HeaderMap) -> Result<Sent, Failure> {
        match self.send(route, headers).await {
            Err(Failure::Watch(WatchError::Unavailable(reason))) => {
                tracing::debug!(route, reason, "asking GitHub once more");
                self.send(route, headers).await
            }
            other => other,
        }
    }

    async fn send(&self, route: &str, headers: &HeaderMap) -> Result<Sent, Failure> {
        let asked = tokio::time::timeout(self.timeout, self.request(route, headers));
        let answered = asked.await.unwrap_or_else(|_| {
            let seconds = self.timeout.as_secs_f32();
            let reason = format!("no whole answer within {seconds} s");
            Err(WatchError::Unavailable(reason).into())
        });
        let mut counting = self.counting();
        counting.requests += 1;
        match &answered {
            Ok(Some(_)) => {}
            Ok(None) => counting.unchanged += 1,
            Err(_) => counting.failures += 1,
        }
        answered
    }

    /// The headers of a request, with the token as it is now: its file may have been replaced.
    fn signed(&self, headers: &HeaderMap) -> Result<HeaderMap, WatchError> {
        let mut headers = headers.clone();
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.header()?);
        }
        Ok(headers)
    }

    async fn request(&self, route: &str, headers: &HeaderMap) -> Result<Sent, Failure> {
        let unavailable = |error: &dyn Error| WatchError::Unavailable(chain(error));
        let headers = self.signed(headers)?;
        let response = self
            .github
            ._get_with_headers(route, Some(headers))
            .await
            .map_err(|error| unavailable(&error))?;
        let (parts, body) = response.into_parts();
        if let Some(date) = date(&parts.headers) {
            let ahead = date.seconds_since(Timestamp::now());
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        if let Some(budget) = Budget::read(&parts.headers) {
            self.counting().budget = Some(budget);
        }
        if parts.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        let body = body.map_err(|error| unavailable(&*error))?.to_bytes();
        let body = String::from_utf8_lossy(&body);
        if !parts.status.is_success() {
            return Err(failure(parts.status, &parts.headers, &body, self.now()));
        }
        let answer = Answer {
            body: surrogates::whole(&body).into(),
            has_next: has_next(&parts.headers),
            date: self.now(),
        };
        Ok(Some((answer, parts.headers.get(ETAG).cloned())))
    }
}

/// `None`: not changed since.
type Sent = Option<(Answer, Option<HeaderValue>)>;

fn unasked_304() -> Failure {
    WatchError::NotGitHub("304 to a request without conditions".into()).into()
}

/// Octocrab's errors say what happened only in their sources.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text::line(&text, text::MAX_LINE)
}

/// GitHub's clock: rows are dated by it.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    let seconds = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(Timestamp::from_unix(i64::try_from(seconds).ok()?))
}

fn has_next(headers: &HeaderMap) -> bool {
    let links = headers.get(LINK).and_then(|link| link.to_str().ok());
    links.is_some_and(|links| links.contains("rel=\"next\""))
}

fn failure(status: StatusCode, headers: &HeaderMap, body: &str, now: Timestamp) -> Failure {
    let message = message(status, body);
    if let Some(seconds) = limited_for(status, headers, &message, now) {
        let until = Timestamp::now().plus_seconds(seconds);
        return WatchError::RateLimited { until }.into();
    }
    match status {
        StatusCode::UNAUTHORIZED => WatchError::BadToken.into(),
        StatusCode::FORBIDDEN => WatchError::Forbidden(message).into(),
        // The one failure of GitHub that belongs to a pull request and does not go away.
        status if status.is_server_error() && !message.contains("diff") => {
            WatchError::Unavailable(format!("{}: {message}", status.as_u16())).into()
        }
        status => Failure::Status { status, message },
    }
}

fn message(status: StatusCode, body: &str) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: String,
    }
    match serde_json::from_str::<Body>(body) {
        Ok(body) => text::line(&body.message, text::MAX_LINE),
        Err(_) => status.to_string(),
    }
}

/// In how many seconds the next request may be made, where the answer is about the number of them.
fn limited_for(
    status: StatusCode,
    headers: &HeaderMap,
    message: &str,
    now: Timestamp,
) -> Option<i64> {
    if !matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    ) {
        return None;
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
    let is_used_up = number("x-ratelimit-remaining") == Some(0);
    let reset = number("x-ratelimit-reset").filter(|_| is_used_up);
    let is_limit = status == StatusCode::TOO_MANY_REQUESTS
        || message.to_ascii_lowercase().contains("rate limit");
    let wait = match (number("retry-after"), reset) {
        (Some(seconds), _) => seconds,
        // A second more, for the clocks.
        (None, Some(reset)) => reset.saturating_sub(now.as_unix()).saturating_add(1),
        (None, None) if is_limit => UNTOLD_WAIT,
        (None, None) => return None,
    };
    Some(wait.clamp(1, MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000_000);

    fn wait(status: u16, headers: &[(&'static str, &'static str)], message: &str) -> Option<i64> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        limited_for(status, &headers, message, NOW)
    }

    #[test]
    fn what_github_says_about_waiting_is_obeyed() {
        assert_eq!(wait(429, &[("retry-after", "30")], ""), Some(30));
        assert_eq!(wait(403, &[("retry-after", "30")], ""), Some(30));
        let used_up = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1000600"),
        ];
        assert_eq!(wait(403, &used_up, ""), Some(601));
        assert_eq!(wait(429, &[], ""), Some(UNTOLD_WAIT));
        let secondary = "You have exceeded a secondary rate limit.";
        assert_eq!(wait(403, &[], secondary), Some(UNTOLD_WAIT));
    }

    #[test]
    fn nonsense_about_waiting_is_bounded() {
        assert_eq!(wait(429, &[("retry-after", "-5")], ""), Some(1));
        assert_eq!(
            wait(429, &[("retry-after", "99999999")], ""),
            Some(MAX_WAIT)
        );
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "5")];
        assert_eq!(wait(403, &past, ""), Some(1));
    }

    #[test]
    fn other_refusals_are_no_rate_limit() {
        let some_left = [
            ("x-ratelimit-remaining", "4000"),
            ("x-ratelimit-reset", "1000600"),
        ];
        assert_eq!(wait(403, &some_left, "Resource not accessible"), None);
        assert_eq!(wait(500, &[("retry-after", "30")], ""), None);
    }
}
