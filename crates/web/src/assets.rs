//! Static assets, compiled in and served under names that hold their hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use picket_domain::Sha256;

/// For what never changes at its address.
pub(crate) const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// One asset.
pub(crate) struct Asset {
    /// Its path on this server, which changes with its content.
    pub(crate) url: String,
    content_type: &'static str,
    content: &'static str,
}

/// The assets that pages refer to.
pub(crate) struct Assets {
    pub(crate) css: Asset,
    pub(crate) js: Asset,
    pub(crate) icon: Asset,
}

pub(crate) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: Asset::new(
        "css",
        "text/css; charset=utf-8",
        include_str!("../../../web/static/picket.css"),
    ),
    js: Asset::new(
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../../../web/static/picket.js"),
    ),
    icon: Asset::new(
        "svg",
        "image/svg+xml",
        include_str!("../../../web/static/picket.svg"),
    ),
});

impl Asset {
    fn new(extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = Sha256::of(content.as_bytes()).to_string();
        Self {
            url: format!("/static/picket-{}.{extension}", &hash[..16]),
            content_type,
            content,
        }
    }
}

/// `GET /static/{name}`
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let assets = [&ASSETS.css, &ASSETS.js, &ASSETS.icon];
    let wanted = assets
        .into_iter()
        .find(|asset| asset.url.strip_prefix("/static/") == Some(&name));
    let Some(asset) = wanted else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let etag = format!("\"{name}\"");
    let known = headers.get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, asset.content_type)], asset.content).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// `GET /favicon.ico`, for browsers that ask for it whatever a page says.
pub(crate) async fn favicon() -> Redirect {
    Redirect::permanent(&ASSETS.icon.url)
}

/// `GET /robots.txt`: what is found by searching is pages, and not each build's log and patch.
pub(crate) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /api/\nDisallow: /cache/\nDisallow: /login\nDisallow: /logs/\n\
     Disallow: /releases/\nDisallow: /search\nDisallow: /*/patch$\n"
}
