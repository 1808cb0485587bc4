//! Why GitHub gave no answer, sorted by what is to be done about it.

use http::{HeaderMap, StatusCode};
use picket_domain::{Timestamp, text};
use serde::Deserialize;

use crate::error::{MAX_WAIT, UNTOLD_WAIT, WatchError};

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

/// Sorts an answer that is none.
pub(crate) fn failure(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    now: Timestamp,
) -> Failure {
    let message = message(status, body);
    if let Some(seconds) = limited_for(status, headers, &message, now) {
        return WatchError::limited_for(Some(seconds)).into();
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
    use http::HeaderValue;

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
