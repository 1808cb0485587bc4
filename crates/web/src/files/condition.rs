//! Which part of a file a request is answered with: conditions and ranges, after RFC 9110, sections
//! 13 and 14.

use std::ops::Range;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header};

/// A file as it is now.
pub(super) struct Version<'a> {
    /// Its entity tag, in quotes. Two files with the same tag have the same bytes.
    pub(super) tag: &'a str,
    /// When it was written.
    pub(super) modified: SystemTime,
    /// Its length in bytes.
    pub(super) length: u64,
}

/// What is sent of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// Nothing: the client has it.
    NotModified,
    /// Nothing: it is not what the client wants a part of.
    OtherVersion,
    /// Nothing: it has no such bytes.
    NoSuchBytes,
}

/// In the order that section 13.2.2 gives.
pub(super) fn part(headers: &HeaderMap, file: &Version<'_>) -> Part {
    let text = |name: HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    let modified = seconds(file.modified);
    let is_other = match (text(header::IF_MATCH), text(header::IF_UNMODIFIED_SINCE)) {
        (Some(tags), _) => !names(tags, file.tag, Compare::Strong),
        (None, since) => since.and_then(date).is_some_and(|since| modified > since),
    };
    if is_other {
        return Part::OtherVersion;
    }
    let is_same = match (text(header::IF_NONE_MATCH), text(header::IF_MODIFIED_SINCE)) {
        (Some(tags), _) => names(tags, file.tag, Compare::Weak),
        (None, since) => since.and_then(date).is_some_and(|since| modified <= since),
    };
    if is_same {
        return Part::NotModified;
    }
    let is_for_this = match text(header::IF_RANGE) {
        None => true,
        Some(tag) if tag.starts_with('"') => tag == file.tag,
        Some(other) => date(other) == Some(modified),
    };
    match text(header::RANGE).filter(|_| is_for_this) {
        Some(range) => bytes(range, file.length),
        None => Part::Whole,
    }
}

/// Whether a client has what has this tag: what is made for it has no date that would tell more.
pub(crate) fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers.get(header::IF_NONE_MATCH);
    let tags = tags.and_then(|it| it.to_str().ok());
    tags.is_some_and(|tags| names(tags, tag, Compare::Weak))
}

/// How tags are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    /// Weak tags are none.
    Strong,
    /// Weak ones are like others.
    Weak,
}

fn names(tags: &str, own: &str, compare: Compare) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|tag| {
        let plain = tag.strip_prefix("W/").filter(|_| compare == Compare::Weak);
        tag == "*" || plain.unwrap_or(tag) == own
    })
}

fn date(text: &str) -> Option<u64> {
    httpdate::parse_http_date(text).ok().map(seconds)
}

/// Dates in headers have whole seconds.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

/// One range is answered. Several, and what is no range, are answered with the whole file, as a
/// server may.
fn bytes(range: &str, length: u64) -> Part {
    let Some((from, to)) = range
        .strip_prefix("bytes=")
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    let wanted = match (from, to) {
        ("", last) => number(last).map(|last| length.saturating_sub(last)..length),
        (from, "") => number(from).map(|from| from..length),
        (from, to) => number(from)
            .zip(number(to))
            .filter(|(from, to)| from <= to)
            .map(|(from, to)| from..length.min(to.saturating_add(1))),
    };
    match wanted {
        None => Part::Whole,
        Some(wanted) if wanted.start >= wanted.end => Part::NoSuchBytes,
        Some(wanted) => Part::Bytes(wanted),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const WRITTEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn answered(headers: &[(HeaderName, &'static str)]) -> Part {
        let headers = headers.iter().cloned();
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let file = Version {
            tag: "\"abc\"",
            // A part of a second more than any date can say.
            modified: UNIX_EPOCH + Duration::from_millis(784_111_777_500),
            length: 10,
        };
        part(&headers.collect(), &file)
    }

    #[test]
    fn a_client_that_has_it_gets_nothing() {
        for (tags, expected) in [
            ("\"abc\"", Part::NotModified),
            ("\"x\", W/\"abc\"", Part::NotModified),
            ("*", Part::NotModified),
            ("\"x\"", Part::Whole),
            ("abc", Part::Whole),
        ] {
            assert_eq!(
                answered(&[(header::IF_NONE_MATCH, tags)]),
                expected,
                "{tags}"
            );
        }
        let since = |date| answered(&[(header::IF_MODIFIED_SINCE, date)]);
        assert_eq!(since(WRITTEN), Part::NotModified);
        assert_eq!(since("Sun, 06 Nov 1994 08:49:36 GMT"), Part::Whole);
        assert_eq!(since("yesterday"), Part::Whole);
        // The tag tells more than the date.
        let both = [
            (header::IF_NONE_MATCH, "\"x\""),
            (header::IF_MODIFIED_SINCE, WRITTEN),
        ];
        assert_eq!(answered(&both), Part::Whole);
    }

    #[test]
    fn a_client_that_wants_another_version_gets_nothing() {
        for (tags, expected) in [
            ("\"abc\"", Part::Whole),
            ("W/\"abc\"", Part::OtherVersion),
            ("\"x\"", Part::OtherVersion),
        ] {
            assert_eq!(answered(&[(header::IF_MATCH, tags)]), expected, "{tags}");
        }
        let before = [(header::IF_UNMODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:36 GMT")];
        assert_eq!(answered(&before), Part::OtherVersion);
        assert_eq!(
            answered(&[(header::IF_UNMODIFIED_SINCE, WRITTEN)]),
            Part::Whole
        );
    }

    #[test]
    fn one_range_is_answered_and_several_are_the_whole() {
        for (range, expected) in [
            ("bytes=0-3", Part::Bytes(0..4)),
            ("bytes=4-", Part::Bytes(4..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-99", Part::Bytes(0..10)),
            ("bytes=9-18446744073709551615", Part::Bytes(9..10)),
            ("bytes=10-", Part::NoSuchBytes),
            ("bytes=-0", Part::NoSuchBytes),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=3-1", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=1-2", Part::Whole),
        ] {
            assert_eq!(answered(&[(header::RANGE, range)]), expected, "{range}");
        }
    }

    #[test]
    fn a_part_is_of_the_version_that_the_client_has() {
        for (of, expected) in [
            ("\"abc\"", Part::Bytes(4..10)),
            ("\"x\"", Part::Whole),
            (WRITTEN, Part::Bytes(4..10)),
            ("Sun, 06 Nov 1994 08:49:38 GMT", Part::Whole),
        ] {
            let asked = [(header::RANGE, "bytes=4-"), (header::IF_RANGE, of)];
            assert_eq!(answered(&asked), expected, "{of}");
        }
    }
}
