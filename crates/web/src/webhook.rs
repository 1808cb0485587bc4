//! `POST /webhooks/github`: what GitHub delivers, where our App is installed.
//!
//! A delivery is a hint that something changed. It is kept as it came, before it is acknowledged, and
//! looked at by the reconciler; GitHub waits for 10 seconds, and does not deliver again by itself.
//! Signed as <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries> says.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac};
use http::{HeaderMap, StatusCode};
use picket_store::Delivery;
use serde::de::IgnoredAny;
use serde_json::json;
use sha2::Sha256;

use crate::chain::Chain;
use crate::state::App;

/// No delivery is longer, in bytes. GitHub's own bound is 25 MiB, which only pushes come near to.
pub(crate) const BODY_MAX: usize = 5 << 20;
/// No header that is kept is longer, in bytes.
const NAME_MAX: usize = 100;

/// Keeps a delivery: 202, and 401 where it is not signed with our secret.
pub(crate) async fn deliver(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(secret) = &app.webhook_secret else {
        return refuse(
            StatusCode::NOT_FOUND,
            "no webhook secret is configured here",
        );
    };
    if !is_signed(secret.as_bytes(), &headers, &body) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the signature is missing or wrong",
        );
    }
    let (Some(id), Some(event)) = (
        name(&headers, "x-github-delivery"),
        name(&headers, "x-github-event"),
    ) else {
        let why = "X-GitHub-Delivery and X-GitHub-Event are needed";
        return refuse(StatusCode::BAD_REQUEST, why);
    };
    let text = match String::from_utf8(body.into()) {
        Ok(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => text,
        Ok(_) | Err(_) => return refuse(StatusCode::BAD_REQUEST, "the body is not JSON"),
    };
    let delivery = Delivery {
        id,
        event,
        body: text,
        received_at: app.now(),
    };
    match app.store.keep_delivery(&delivery).await {
        Ok(is_new) => {
            app.wake.notify_one();
            (StatusCode::ACCEPTED, Json(json!({ "new": is_new }))).into_response()
        }
        Err(error) => {
            tracing::error!(error = %Chain(&error), "a delivery could not be kept");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "it could not be kept")
        }
    }
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// Compared in a time that does not depend on where the two differ.
fn is_signed(secret: &[u8], headers: &HeaderMap, body: &[u8]) -> bool {
    let signature = headers.get("x-hub-signature-256");
    let signature = signature.and_then(|it| it.to_str().ok()?.strip_prefix("sha256="));
    let (Some(bytes), Ok(mut mac)) = (
        signature.and_then(bytes_of),
        Hmac::<Sha256>::new_from_slice(secret),
    ) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&bytes).is_ok()
}

/// 32 bytes out of 64 hexadecimal digits.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let is_hex = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pairs = (0..hex.len()).step_by(2);
    is_hex
        .then(|| {
            pairs
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
                .collect()
        })
        .flatten()
}

/// A header that is a name: letters, digits, dashes and underscores.
fn name(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_name = (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(is_plain);
    is_name.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The example of GitHub's documentation.
    #[test]
    fn githubs_own_example_is_signed() {
        let signed = |signature: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-hub-signature-256", HeaderValue::from_static(signature));
            is_signed(b"It's a Secret to Everybody", &headers, b"Hello, World!")
        };
        assert!(signed(
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        ));
        for wrong in [
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
            "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "sha256=757107",
            "sha256=",
            "",
        ] {
            assert!(!signed(wrong), "{wrong}");
        }
    }
}
