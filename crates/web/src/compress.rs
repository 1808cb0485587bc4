//! Pages and JSON are sent compressed, to whoever is not signed in.
//!
//! A page of somebody who is has the secret that their forms carry. Where a stranger can have text of
//! their choice put beside a secret, its compressed length tells about the secret (the attack is
//! called BREACH), and pages show titles and filters of anybody's choice.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Version, header};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

/// In less there is nothing to gain, in bytes.
const LEAST: u64 = 1_024;

pub(crate) fn compressed(router: Router) -> Router {
    let layer = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(LEAST).and(is_made));
    router.layer(layer).layer(from_fn(as_it_is_for_members))
}

/// Whether an answer was made for the request. Files are sent as they were signed, by parts where a
/// client asks for that, and most are compressed already.
fn is_made(_: StatusCode, _: Version, headers: &HeaderMap, _: &http::Extensions) -> bool {
    let is_file = headers.contains_key(header::LAST_MODIFIED);
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kinds = [
        "text/html",
        "text/css",
        "text/javascript",
        "text/plain",
        "application/atom+xml",
        "application/json",
        "application/x-ndjson",
    ];
    !is_file && kinds.iter().any(|it| kind.starts_with(it))
}

async fn as_it_is_for_members(mut request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::COOKIE) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    next.run(request).await
}
