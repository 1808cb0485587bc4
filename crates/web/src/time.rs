//! Times and lengths of time, as people read them.

use std::fmt;

use askama::filters::HtmlSafe;
use picket_domain::Timestamp;
pub(crate) use picket_domain::duration;

/// A point in time, written as a `<time>` element that says how long ago it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    at: Timestamp,
    now: Timestamp,
}

impl When {
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }
}

/// Digits, letters and RFC 3339 punctuation only.
impl HtmlSafe for When {}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, now } = self;
        let words = match now.seconds_since(*at) {
            ahead if ahead < -1 => format!("in {}", duration(-ahead)),
            -1..60 => "just now".to_owned(),
            ago => format!("{} ago", duration(ago - ago % 60)),
        };
        write!(f, r#"<time datetime="{at}" title="{at}">{words}</time>"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_relative_and_exact() {
        let now = Timestamp::from_unix(1_000_000);
        let texts = [0, -30, -59, -60, -7_325, -400_000, 90]
            .map(|offset| When::new(now.plus_seconds(offset), now).to_string())
            .map(|text| text.replace("1970-01-", ""))
            .join("\n");
        insta::assert_snapshot!(texts, @r#"
        <time datetime="12T13:46:40Z" title="12T13:46:40Z">just now</time>
        <time datetime="12T13:46:10Z" title="12T13:46:10Z">just now</time>
        <time datetime="12T13:45:41Z" title="12T13:45:41Z">just now</time>
        <time datetime="12T13:45:40Z" title="12T13:45:40Z">1 min ago</time>
        <time datetime="12T11:44:35Z" title="12T11:44:35Z">2 h 2 min ago</time>
        <time datetime="07T22:40:00Z" title="07T22:40:00Z">4 d 15 h ago</time>
        <time datetime="12T13:48:10Z" title="12T13:48:10Z">in 1 min 30 s</time>
        "#);
    }
}
