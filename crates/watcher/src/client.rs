//! GitHub over HTTP: one request at a time, bounded in size and time, failures sorted.

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, DATE, ETAG, IF_NONE_MATCH, LINK};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Limited};
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use picket_domain::{Timestamp, text};
use serde_json::Value;
use url::Url;

use crate::budget::Budget;
use crate::config::Token;
use crate::error::WatchError;
use crate::failure::{Failure, failure};
use crate::surrogates;
use crate::traffic::Traffic;

/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of 100 pull requests with the longest descriptions has about 30 MiB.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// An answer that GitHub gave.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) body: Arc<str>,
    /// What kind of success it is.
    pub(crate) status: StatusCode,
    /// Whether the list has a page after this one.
    pub(crate) has_next: bool,
    /// When GitHub says that it answered.
    pub(crate) date: Timestamp,
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
    /// Asks below this address. Must be called within a Tokio runtime: octocrab spawns a task that
    /// lasts as long as it.
    pub(crate) fn new(api: &Url, token: Option<Token>) -> Result<Self, WatchError> {
        let unusable = |error: octocrab::Error| WatchError::Configuration(chain(&error));
        let builder = Octocrab::builder()
            .base_uri(api.as_str())
            .map_err(unusable)?
            .set_connect_timeout(Some(CONNECT_TIMEOUT))
            .set_read_timeout(Some(READ_TIMEOUT))
            .set_write_timeout(Some(READ_TIMEOUT))
            // Octocrab would try again at once, after a 429 too. What is worth another try is
            // tried again here.
            .add_retry_config(RetryConfig::None);
        Ok(Self {
            github: builder.build().map_err(unusable)?,
            token,
            last: Mutex::new(None),
            traffic: Mutex::default(),
            ahead: AtomicI64::new(0),
            timeout: Duration::from_secs(60),
        })
    }

    /// Asks for something. A failure of GitHub itself (5xx) or of the connection is tried once
    /// more: single ones are common.
    pub(crate) async fn get(&self, route: &str) -> Result<Answer, Failure> {
        let answer = self.send_twice(&Ask::get(route)).await?;
        answer.map(|(answer, _)| answer).ok_or_else(unasked_304)
    }

    /// Like [`Client::get`], and is not tried once more.
    pub(crate) async fn get_once(&self, route: &str) -> Result<Answer, Failure> {
        let answer = self.send(&Ask::get(route)).await?;
        answer.map(|(answer, _)| answer).ok_or_else(unasked_304)
    }

    /// Asks with a body. It is not tried once more.
    pub(crate) async fn post(&self, route: &str, body: &Value) -> Result<Answer, Failure> {
        self.write_once(Method::POST, route, body).await
    }

    /// Sends something, once: what is not answered may have gone through.
    pub(crate) async fn write_once(
        &self,
        method: Method,
        route: &str,
        body: &Value,
    ) -> Result<Answer, Failure> {
        let ask = Ask {
            method,
            body: Some(body),
            ..Ask::get(route)
        };
        let answer = self.send(&ask).await?;
        answer.map(|(answer, _)| answer).ok_or_else(unasked_304)
    }

    /// Whether requests carry a token.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Takes what the body of an answer says of the limit.
    pub(crate) fn set_budget(&self, budget: Budget) {
        self.counting().budget = Some(budget);
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
        let mut ask = Ask::get(route);
        if let Some((etag, _)) = &known {
            ask.headers.insert(IF_NONE_MATCH, etag.clone());
        }
        match (self.send_twice(&ask).await?, known) {
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

    async fn send_twice(&self, ask: &Ask<'_>) -> Result<Sent, Failure> {
        match self.send(ask).await {
            Err(Failure::Watch(WatchError::Unavailable(reason))) => {
                tracing::debug!(route = ask.route, reason, "asking GitHub once more");
                self.send(ask).await
            }
            other => other,
        }
    }

    async fn send(&self, ask: &Ask<'_>) -> Result<Sent, Failure> {
        let asked = tokio::time::timeout(self.timeout, self.request(ask));
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

    /// Sends a request, with the token as it is now: its file may have been replaced.
    async fn respond(&self, ask: &Ask<'_>) -> Result<Response, Failure> {
        let unavailable = |error: octocrab::Error| WatchError::Unavailable(chain(&error));
        let mut request = Request::builder().method(&ask.method).uri(ask.route);
        if let Some(headers) = request.headers_mut() {
            headers.extend(ask.headers.clone());
            if let Some(token) = &self.token {
                headers.insert(AUTHORIZATION, token.header()?);
            }
        }
        let request = self.github.build_request(request, ask.body);
        let response = self.github.execute(request.map_err(unavailable)?).await;
        Ok(response.map_err(unavailable)?)
    }

    async fn request(&self, ask: &Ask<'_>) -> Result<Sent, Failure> {
        let (parts, body) = self.respond(ask).await?.into_parts();
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
        let body = body.map_err(|error| WatchError::Unavailable(chain(&*error)))?;
        let body = body.to_bytes();
        let body = String::from_utf8_lossy(&body);
        if !parts.status.is_success() {
            return Err(failure(parts.status, &parts.headers, &body, self.now()));
        }
        let answer = Answer {
            body: surrogates::whole(&body).into(),
            status: parts.status,
            has_next: has_next(&parts.headers),
            date: self.now(),
        };
        Ok(Some((answer, parts.headers.get(ETAG).cloned())))
    }
}

/// What is asked.
struct Ask<'a> {
    method: Method,
    route: &'a str,
    headers: HeaderMap,
    body: Option<&'a Value>,
}

impl<'a> Ask<'a> {
    fn get(route: &'a str) -> Self {
        Self {
            method: Method::GET,
            route,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

type Response = http::Response<BoxBody<Bytes, octocrab::Error>>;

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
