//! The HTTP client's set-up, and errors that say which address they are about.

use std::time::Duration;

use reqwest::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

const CONNECT: Duration = Duration::from_secs(15);
/// The longest pause between two pieces of a body.
const STALL: Duration = Duration::from_secs(60);
/// No validator that is kept is longer, in bytes.
const VALIDATOR_MAX: usize = 1024;
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// By what a server recognises the content that it sent: the headers `ETag` and `Last-Modified`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Validators {
    /// Those that an answer has.
    pub(crate) fn of(response: &Response) -> Self {
        let text = |name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            (value.len() <= VALIDATOR_MAX).then(|| value.to_owned())
        };
        Self {
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
        }
    }

    /// Whether nothing can be recognised by them.
    pub(crate) fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    fn ask(&self, mut request: RequestBuilder) -> RequestBuilder {
        let headers = [
            (IF_NONE_MATCH, &self.etag),
            (IF_MODIFIED_SINCE, &self.last_modified),
        ];
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }
}

/// What a server says of an address.
#[derive(Debug)]
pub(crate) enum Answer {
    /// There is nothing.
    Absent,
    /// There is what is known already.
    Same,
    /// There is this.
    There(Response),
}

/// What went wrong with a request.
#[derive(Debug)]
pub(crate) struct HttpError {
    pub(crate) url: String,
    pub(crate) reason: String,
}

impl HttpError {
    pub(crate) fn new(url: &Url, reason: impl Into<String>) -> Self {
        Self {
            url: url.to_string(),
            reason: reason.into(),
        }
    }

    pub(crate) fn of(url: &Url, error: &reqwest::Error) -> Self {
        Self::new(url, causes(error))
    }
}

/// An error with its causes; reqwest's own texts leave out what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A client with Picket's name, time limits, and the process's TLS implementation, which is
/// chosen here where nobody did before.
pub(crate) fn client() -> Result<Client, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker: then its choice stands, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::builder()
        .user_agent(concat!("picket/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(STALL)
        .build()
        .map_err(|error| causes(&error))
}

/// Gets an address; `None` where the server says that there is nothing, as Nix reads its answers
/// (403, 404, 410). What may pass by itself is tried again.
pub(crate) async fn get(client: &Client, url: &Url) -> Result<Option<Response>, HttpError> {
    Ok(
        match get_if_new(client, url, &Validators::default()).await? {
            Answer::There(response) => Some(response),
            Answer::Same | Answer::Absent => None,
        },
    )
}

/// The same, where the content is not the one that is known.
pub(crate) async fn get_if_new(
    client: &Client,
    url: &Url,
    known: &Validators,
) -> Result<Answer, HttpError> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let error = match known.ask(client.get(url.clone())).send().await {
            Ok(response) => match response.status() {
                StatusCode::OK => return Ok(Answer::There(response)),
                StatusCode::NOT_MODIFIED if !known.is_empty() => return Ok(Answer::Same),
                StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    return Ok(Answer::Absent);
                }
                status => {
                    let error = HttpError::new(url, format!("the server answers {status}"));
                    if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
                        return Err(error);
                    }
                    error
                }
            },
            Err(error) => HttpError::of(url, &error),
        };
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// An address below another one, whether or not that ends in a slash.
pub(crate) fn below(base: &Url, path: &str) -> Result<Url, HttpError> {
    let joined = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&joined).map_err(|error| HttpError::new(base, error.to_string()))
}
