//! What is asked.

use picket_domain::{Advisory, PrNumber};

/// No question has more characters.
pub(crate) const MAX_QUERY: usize = 100;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    /// Nothing.
    Empty,
    /// More than is read.
    TooLong,
    /// How things stand with a vulnerability.
    Advisory(Advisory),
    /// How things stand with a pull request.
    PullRequest(PrNumber),
    /// How things stand with what is called so.
    Name(String),
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Empty;
        }
        if text.chars().count() > MAX_QUERY {
            return Self::TooLong;
        }
        let number = text.strip_prefix('#').unwrap_or(text).parse();
        match (Advisory::find_all(text).as_slice(), number) {
            ([advisory], _) => Self::Advisory(advisory.clone()),
            (_, Ok(number)) => Self::PullRequest(number),
            _ => Self::Name(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_told_by_its_form() {
        let advisory = |text: &str| Query::Advisory(Advisory::parse(text).unwrap());
        for (text, query) in [
            ("  ", Query::Empty),
            (" mastodon ", Query::Name("mastodon".into())),
            ("cve-2026-40114", advisory("CVE-2026-40114")),
            ("CVE 2026 40114", advisory("CVE-2026-40114")),
            ("#412301", Query::PullRequest(PrNumber(412_301))),
            ("412301", Query::PullRequest(PrNumber(412_301))),
            ("own-3", Query::PullRequest(PrNumber::own(3))),
            ("7zip", Query::Name("7zip".into())),
            ("<b>", Query::Name("<b>".into())),
        ] {
            assert_eq!(Query::parse(text), query, "{text}");
        }
        assert_eq!(Query::parse(&"ä".repeat(MAX_QUERY + 1)), Query::TooLong);
        assert!(matches!(
            Query::parse(&"ä".repeat(MAX_QUERY)),
            Query::Name(_)
        ));
    }
}
