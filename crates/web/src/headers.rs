//! What holds for every answer: headers that browsers obey, and who may send a form at all.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::error::PageError;
use crate::state::App;

/// Pages that show work under way, or a log that grows, ask this server for more.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Adds the security headers, where a handler has not set stricter or other ones, and keeps what a person sees out of shared caches.
pub(crate) async fn secure(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if app.base_url.scheme() == "https" {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    response
}

/// Refuses forms that another site made a browser send, before anything reads them.
///
/// The forms' own tokens are checked as well; this also covers signing in, where there is no
/// session that a token could belong to.
pub(crate) async fn same_origin(State(app): State<App>, request: Request, next: Next) -> Response {
    let reads_only = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads_only || is_same_origin(request.headers(), &app.base_url) {
        next.run(request).await
    } else {
        PageError::Forged.into_response()
    }
}

/// Browsers say where a form comes from in `Sec-Fetch-Site`, older ones in `Origin`. Clients that
/// send neither are no browsers, and nobody else's cookies are in them.
fn is_same_origin(headers: &HeaderMap, base_url: &url::Url) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|text| url::Url::parse(text).ok());
    origin.is_some_and(|origin| origin.origin() == base_url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        is_same_origin(&headers, &url::Url::parse("https://sec.example").unwrap())
    }

    #[test]
    fn only_this_sites_forms_are_accepted() {
        assert!(accepts("sec-fetch-site", "same-origin"));
        assert!(!accepts("sec-fetch-site", "cross-site"));
        assert!(!accepts("sec-fetch-site", "same-site"));
        assert!(accepts("origin", "https://sec.example"));
        for foreign in ["https://evil.example", "http://sec.example", "null"] {
            assert!(!accepts("origin", foreign), "{foreign}");
        }
        assert!(accepts("user-agent", "curl/8"));
    }
}
