//! Serving below a path: what a reverse proxy at `https://host/picket` puts before every address.
//!
//! Pages, forms and redirects are written as if this server had a host of its own. Where its address
//! has a path, that is put before every address at the server's own root in a page, and before those
//! that redirects lead to; absolute addresses come from `AppState::absolute`, which has it already.
//! Requests are answered with the path and without it, so that the proxy may strip it or not.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use url::Url;

/// The attributes of pages that hold addresses, up to an address at the server's root. In what people
/// wrote, quotation marks are escaped, so that it holds none of these.
const ATTRIBUTES: [&str; 4] = [" href=\"/", " src=\"/", " action=\"/", " data-stream=\"/"];

/// The path of the server's address without a slash at its end: `/picket`, or nothing.
pub(crate) fn of(base_url: &Url) -> &str {
    base_url.path().trim_end_matches('/')
}

/// The router, below the path of the server's address.
pub(crate) fn below(base_url: &Url, router: Router) -> Router {
    let prefix = of(base_url);
    if prefix.is_empty() {
        return router;
    }
    let prefix: Arc<str> = prefix.into();
    // A layer sees a request after it was routed: hence a router around the one that routes.
    Router::new()
        .fallback_service(router)
        .layer(from_fn_with_state(prefix, exchange))
}

async fn exchange(State(prefix): State<Arc<str>>, mut request: Request, next: Next) -> Response {
    if let Some(stripped) = stripped(request.uri(), &prefix) {
        *request.uri_mut() = stripped;
    }
    // A release's page stands alone, with relative addresses, and is sent as it was signed.
    let stands_alone = request.uri().path().starts_with("/releases/");
    let mut response = next.run(request).await;
    lead_below(&prefix, response.headers_mut());
    if stands_alone || !is_html(response.headers()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    match to_bytes(body, usize::MAX).await {
        Ok(page) => {
            let page = with_prefix(&prefix, &String::from_utf8_lossy(&page));
            Response::from_parts(head, Body::from(page))
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The address without the prefix, if it has that.
fn stripped(uri: &Uri, prefix: &str) -> Option<Uri> {
    let path_and_query = uri.path_and_query()?.as_str();
    let rest = path_and_query.strip_prefix(prefix)?;
    let rest = match rest.as_bytes().first() {
        Some(b'/') => rest.to_owned(),
        None | Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
    Uri::from_parts(parts).ok()
}

/// Puts the prefix before where a redirect leads to, if that is on this server.
fn lead_below(prefix: &str, headers: &mut HeaderMap) {
    let location = headers.get(header::LOCATION).map(HeaderValue::to_str);
    let Some(Ok(location)) = location else { return };
    if !location.starts_with('/') {
        return;
    }
    if let Ok(below) = HeaderValue::from_str(&format!("{prefix}{location}")) {
        headers.insert(header::LOCATION, below);
    }
}

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// A page with the prefix before every address at the server's root.
fn with_prefix(prefix: &str, page: &str) -> String {
    ATTRIBUTES.iter().fold(page.to_owned(), |page, attribute| {
        let start = attribute.trim_end_matches('/');
        page.replace(attribute, &format!("{start}{prefix}/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(address: &str) -> Option<String> {
        let stripped = stripped(&address.parse().unwrap(), "/picket");
        stripped.map(|uri| uri.to_string())
    }

    #[test]
    fn the_prefix_is_stripped_where_it_is_one() {
        assert_eq!(without("/picket").as_deref(), Some("/"));
        assert_eq!(without("/picket?a").as_deref(), Some("/?a"));
        assert_eq!(without("/picket/queue?q=1").as_deref(), Some("/queue?q=1"));
        for other in ["/queue", "/pickets/queue", "/", "/a/picket/queue"] {
            assert_eq!(without(other), None, "{other}");
        }
    }

    #[test]
    fn addresses_at_the_root_get_it_and_others_do_not() {
        let page = r#"<a class="x" href="/queue">=&#34;/</a><form action="/x"><img src="/y"><a href="https://x/">"#;
        assert_eq!(
            with_prefix("/picket", page),
            r#"<a class="x" href="/picket/queue">=&#34;/</a><form action="/picket/x"><img src="/picket/y"><a href="https://x/">"#
        );
    }

    /// An address in a template that is written in another way would be missed.
    #[test]
    fn templates_have_addresses_in_these_attributes_alone() {
        let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/templates");
        let mut folders = vec![std::path::PathBuf::from(templates)];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let mut text = std::fs::read_to_string(&path).unwrap();
                for attribute in ATTRIBUTES {
                    seen += text.matches(attribute).count();
                    text = text.replace(attribute, "");
                }
                for missed in ["=\"/", "='/", "href=/", "href='", "url("] {
                    assert!(!text.contains(missed), "{missed} in {}", path.display());
                }
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
