//! Files, with all that HTTP has for them: conditions, ranges, entity tags.

use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tower::ServiceExt;
use tower_http::services::ServeFile;

/// For what could be replaced by something equally good, such as a narinfo with one more signature.
pub(super) const FOR_A_DAY: &str = "public, max-age=86400";

/// For what changes at one address: whoever keeps it asks each time whether it is still the same.
pub(super) const NEVER_UNASKED: &str = "no-cache";

/// For what is not there yet: it may be a second from now.
const FOR_A_MOMENT: &str = "public, max-age=1";

/// Sends a file; tells clients how long to keep it.
pub(super) async fn file(
    request: Request,
    path: &Path,
    content_type: &'static str,
    cache_control: &'static str,
) -> Response {
    // A path is made of checked names, so the request's own path has nothing to add.
    let Ok(response) = ServeFile::new(path).oneshot(request).await;
    let mut response = response.map(Body::new);
    match response.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {}
        StatusCode::NOT_FOUND => return missing("There is no such file.\n"),
        StatusCode::INTERNAL_SERVER_ERROR => {
            tracing::error!(path = %path.display(), "a public file cannot be read");
            return response;
        }
        _ => return response,
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(cache_control),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// Says that something is not there, as plain text: Nix shows it to people.
pub(super) fn missing(text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, FOR_A_MOMENT),
    ];
    (StatusCode::NOT_FOUND, headers, text.into()).into_response()
}

/// Says that something was there and is not any more, as plain text.
pub(super) fn gone(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, FOR_A_DAY),
    ];
    (StatusCode::GONE, headers, text).into_response()
}

/// Says that this server is at fault. Nix tries such addresses again.
pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error = %crate::chain::Chain(error), "the public folder cannot be read");
    let text = "The release cannot be read just now; the server's log says why.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}
