//! What every API request goes through: token, injected failure, rate limit, `ETag`, log.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::spec::{FaultKind, LoggedRequest};
use super::world::{Budget, Shared};

/// Who asks, for the handlers.
#[derive(Clone, Default)]
pub(super) struct Caller {
    pub(super) token: Option<String>,
    pub(super) login: Option<String>,
}

/// The middleware around all API routes.
pub(super) async fn pass(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let place = log(&shared, &request);
    let known_etag = request.headers().get(header::IF_NONE_MATCH).cloned();
    let is_get = request.method() == Method::GET;
    // Asking for the rate limit does not count against it, and GraphQL has one of its own.
    let is_free = ["/rate_limit", "/graphql"].contains(&request.uri().path());
    let (caller, response) = match admit(&shared, &request, is_free) {
        Admission::Stall => std::future::pending().await,
        Admission::Unanswered(caller) => {
            request.extensions_mut().insert(caller);
            let answer = next.run(request).await;
            // Nobody gets to see it.
            drop(answer);
            std::future::pending().await
        }
        Admission::Refused(caller, response) => (caller, response),
        Admission::Admitted(caller) => {
            request.extensions_mut().insert(caller.clone());
            (caller, next.run(request).await)
        }
    };
    let response = if is_get && response.status() == StatusCode::OK {
        with_etag(response, &caller, known_etag.as_ref()).await
    } else {
        response
    };
    finish(&shared, place, &caller, response, is_free)
}

enum Admission {
    Admitted(Caller),
    Refused(Caller, Response),
    Stall,
    Unanswered(Caller),
}

fn admit(shared: &Shared, request: &Request, is_free: bool) -> Admission {
    let mut world = shared.lock();
    let token = token(request.headers());
    let login = token.as_ref().and_then(|token| world.tokens.get(token));
    let login = login.cloned();
    let fault = world.take_fault(request.method().as_str(), request.uri().path());
    let is_unknown = token.is_some() && login.is_none();
    let caller = Caller { token, login };
    match fault {
        Some(FaultKind::Stall) => return Admission::Stall,
        Some(FaultKind::Unanswered) => return Admission::Unanswered(caller),
        Some(kind) => {
            let reset_at = world.budget(caller.token.as_deref()).reset_at;
            let response = failure(kind, reset_at);
            return Admission::Refused(caller, response);
        }
        None => {}
    }
    if is_unknown {
        return Admission::Refused(caller, ApiError::bad_credentials().into_response());
    }
    let budget = world.budget(caller.token.as_deref());
    if budget.remaining() == 0 && !is_free {
        let response = failure(FaultKind::RateLimitExceeded, budget.reset_at);
        return Admission::Refused(caller, response);
    }
    Admission::Admitted(caller)
}

fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_token = ["bearer", "token"]
        .iter()
        .any(|it| scheme.eq_ignore_ascii_case(it));
    is_token.then(|| token.trim().to_owned())
}

fn failure(kind: FaultKind, reset_at: i64) -> Response {
    let limited = |status: StatusCode, retry_after: Option<u64>| {
        let message = "You have exceeded a secondary rate limit. Please wait a few minutes \
                       before you try again.";
        let retry_after = retry_after.map(|seconds| [("retry-after", seconds.to_string())]);
        (retry_after, ApiError(status, message.into())).into_response()
    };
    match kind {
        FaultKind::Status(status, message) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            ApiError(status, message).into_response()
        }
        FaultKind::RateLimitExceeded => {
            let message = "API rate limit exceeded for user ID 1000.";
            let headers = [
                ("x-ratelimit-remaining", "0".to_owned()),
                ("x-ratelimit-reset", reset_at.to_string()),
            ];
            (headers, ApiError(StatusCode::FORBIDDEN, message.into())).into_response()
        }
        FaultKind::SecondaryRateLimit { retry_after } => {
            limited(StatusCode::FORBIDDEN, Some(retry_after))
        }
        FaultKind::SecondaryRateLimitWithoutHeaders => limited(StatusCode::FORBIDDEN, None),
        FaultKind::TooManyRequests { retry_after } => {
            limited(StatusCode::TOO_MANY_REQUESTS, Some(retry_after))
        }
        FaultKind::Body(bytes) => {
            ([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
        }
        FaultKind::Page(status, html) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, Html(html)).into_response()
        }
        FaultKind::CutOff(bytes) => cut_off(bytes),
        // Taken care of before; nothing is ever answered.
        FaultKind::Stall | FaultKind::Unanswered => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}

/// The connection breaks off after this much.
fn cut_off(bytes: Vec<u8>) -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let frames = stream::iter([Ok(bytes), Err(broken)]);
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, Body::from_stream(frames)).into_response()
}

/// Tags the answer, and makes it a `304` where the client has it already. A tag belongs to one
/// token: another token's tag never matches.
async fn with_etag(response: Response, caller: &Caller, known: Option<&HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let etag = etag(&body, caller.token.as_deref());
    let is_known = known.is_some_and(|known| *known == etag);
    parts.headers.insert(header::ETAG, etag);
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}

fn etag(body: &Bytes, token: Option<&str>) -> HeaderValue {
    let mut hash = Sha256::new();
    hash.update(token.unwrap_or_default());
    hash.update([0]);
    hash.update(body);
    let hex: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Counts the request, sets the headers that every answer has, and completes the log.
fn finish(
    shared: &Shared,
    place: u64,
    caller: &Caller,
    mut response: Response,
    is_free: bool,
) -> Response {
    let mut world = shared.lock();
    let token = caller.token.as_deref();
    // A 304 is free, but only for those who are signed in.
    let is_unchanged = response.status() == StatusCode::NOT_MODIFIED && caller.login.is_some();
    if !is_free && !is_unchanged && response.status() != StatusCode::UNAUTHORIZED {
        world.spend(token);
    }
    let budget = world.budget(token);
    if let Some(entry) = world.log.get_mut(&place) {
        entry.status = response.status().as_u16();
        entry.login.clone_from(&caller.login);
    }
    standard_headers(response.headers_mut(), budget, world.now());
    response
}

fn standard_headers(headers: &mut HeaderMap, budget: Budget, now: i64) {
    let values = [
        ("date", http_date(now)),
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", budget.remaining().to_string()),
        ("x-ratelimit-reset", budget.reset_at.to_string()),
        (
            "x-ratelimit-used",
            budget.used.min(budget.limit).to_string(),
        ),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-github-api-version-selected", "2022-11-28".to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
    ];
    for (name, value) in values {
        // An injected failure may have set its own.
        if let (false, Ok(value)) = (headers.contains_key(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
}

fn http_date(unix: i64) -> String {
    let since = std::time::Duration::from_secs(u64::try_from(unix).unwrap_or_default());
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
}

fn log(shared: &Shared, request: &Request) -> u64 {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let entry = LoggedRequest {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        status: 0,
        login: None,
        api_version: header("x-github-api-version"),
    };
    let mut world = shared.lock();
    let place = world.next_serial();
    world.log.insert(place, entry);
    place
}
