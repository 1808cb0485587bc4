//! What a log is called.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

const LONGEST: usize = 512;
/// What follows the address of the service.
const PATH: &str = "release-log";

/// What a log is called, for ever: the address that it began at, without a scheme. It is the first line
/// of every checkpoint, and the name that signatures over one bear.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// That of a log which begins at a service of this address.
    ///
    /// # Errors
    /// Where the address is too long.
    pub fn of_service(base_url: &Url) -> Result<Self, String> {
        let address = base_url.as_str().split_once("://");
        let address = address.map_or(base_url.as_str(), |(_, rest)| rest);
        let address = address.trim_end_matches('/').replace('+', "%2B");
        Self::parse(&format!("{address}/{PATH}"))
    }

    /// Takes what a note can carry as a line and as the name of a key, and what cannot be mistaken for
    /// anything else that the same keys sign: it begins with a letter, a digit or a bracket.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_plain = text.bytes().all(|it| it.is_ascii_graphic() && it != b'+');
        let begins = text.starts_with(|it: char| it.is_ascii_alphanumeric() || it == '[');
        // A fingerprint of a store path has semicolons, and no address has.
        if is_plain && begins && text.len() <= LONGEST && !text.contains(';') {
            return Ok(Self(text.to_owned()));
        }
        Err(
            "a log's origin is an address without a scheme, of at most 512 characters of ASCII, \
             without blanks, '+' and ';'"
                .to_owned(),
        )
    }

    /// It as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_address_without_a_scheme() {
        for (url, origin) in [
            ("https://sec.example/", "sec.example/release-log"),
            ("http://[::1]:8080", "[::1]:8080/release-log"),
            ("https://a.test/x+y/", "a.test/x%2By/release-log"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(Origin::of_service(&url).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn nothing_else_is_one() {
        for text in [
            "",
            "a b",
            "a+b",
            "a\nb",
            "\u{e4}",
            "{",
            "1;/nix/store/x;",
            "/a",
        ] {
            assert!(Origin::parse(text).is_err(), "{text:?}");
        }
        assert!(Origin::parse(&"a".repeat(513)).is_err());
    }
}
