//! A line that describes a pull request.

use std::borrow::Cow;

use picket_recognise::{Recognition, Subject, recognise};
use serde::Deserialize;

/// What a line says of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    pub(super) title: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    base: Option<String>,
    #[serde(default)]
    files: Option<Vec<String>>,
    /// What people say it is.
    #[serde(default)]
    pub(super) security: Option<bool>,
}

impl PullRequest {
    pub(super) fn read(line: &str) -> serde_json::Result<Self> {
        serde_json::from_str(&with_whole_characters(line))
    }

    pub(super) fn recognise(&self) -> Recognition {
        let files = self.files.iter().flatten();
        recognise(&Subject {
            title: &self.title,
            body: self.body.as_deref().unwrap_or_default(),
            base: self.base.as_deref().unwrap_or_default(),
            paths: files.map(String::as_str).collect(),
            ..Subject::default()
        })
    }
}

/// JSON may escape one half of a character (`\ud83d`), which is none; a text cut in the middle of an
/// emoji has such a half. It becomes the sign for what cannot be shown.
fn with_whole_characters(line: &str) -> Cow<'_, str> {
    if !line.contains("\\ud") && !line.contains("\\uD") {
        return Cow::Borrowed(line);
    }
    let mut whole = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let length = match (unit(escape), unit(escape.get(6..).unwrap_or_default())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            // The character after a backslash, whatever it is: another one begins no escape.
            _ => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        whole.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The number that an escape (`\u12ab`) begins a text with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_characters_become_whole_ones() {
        for (escaped, expected) in [
            (r"a\ud83d", "a\u{fffd}"),
            (r"\ude00b", "\u{fffd}b"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\uD83D\uD83D\uDE00", "\u{fffd}\u{1f600}"),
            (r"\\ud83d", "\\ud83d"),
            (r"\ud83dé\n", "\u{fffd}é\n"),
        ] {
            let line = format!(r#"{{"number": 1, "title": "{escaped}"}}"#);
            let read = PullRequest::read(&line);
            assert_eq!(
                read.map(|it| it.title).ok().as_deref(),
                Some(expected),
                "{line}"
            );
        }
        for broken in [
            r#"{"number": 1, "title": "\ud8"#,
            r#"{"number": 1, "title": "\"#,
        ] {
            assert!(PullRequest::read(broken).is_err(), "{broken}");
        }
    }
}
