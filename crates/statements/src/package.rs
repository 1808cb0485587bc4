//! Packages, by the attribute that names them in nixpkgs.

use std::fmt;

use picket_domain::{CommitSha, last_name};

/// No attribute path that is stated is longer, in bytes.
const MAX: usize = 200;
/// No version that is stated is longer, in bytes.
const MAX_VERSION: usize = 80;

/// An attribute path of nixpkgs: `mastodon`, `python313Packages.django_5`.
///
/// Paths come from file names and from evaluating, which anybody may have written. What is stated of
/// a package goes into addresses and file names: paths with other characters than most have are none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package(Box<str>);

impl Package {
    /// Takes a path of letters, digits and `_-+'`, with dots between its names.
    pub fn parse(attribute: &str) -> Option<Self> {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_-+'".contains(c);
        let is_name = |name: &str| !name.is_empty() && name.chars().all(is_of_name);
        let is_one = attribute.len() <= MAX && attribute.split('.').all(is_name);
        is_one.then(|| Self(attribute.into()))
    }

    /// The attribute path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last name: `django_5`.
    pub fn name(&self) -> &str {
        last_name(&self.0)
    }

    /// Its package URL without a version: `pkg:nix/nixpkgs/mastodon`.
    pub fn purl(&self) -> String {
        format!("pkg:nix/nixpkgs/{}", encoded(&self.0))
    }

    /// Its package URL at a commit: `pkg:nix/nixpkgs/mastodon@4.3.2?commit=..`. A version that is no
    /// plain word is left out.
    pub fn purl_at(&self, version: Option<&str>, commit: &CommitSha) -> String {
        let is_plain = |it: &&str| {
            let is_graphic = it.bytes().all(|byte| byte.is_ascii_graphic());
            is_graphic && (1..=MAX_VERSION).contains(&it.len())
        };
        let version = version.filter(is_plain);
        let version = version.map_or_else(String::new, |it| format!("@{}", encoded(it)));
        format!("{}{version}?commit={commit}", self.purl())
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A part of a package URL: all but what RFC 3986 calls unreserved is written as its bytes' numbers.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_packages() {
        for good in ["mastodon", "python313Packages.django_5", "gtk+", "foo'"] {
            assert_eq!(Package::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(MAX + 1);
        for bad in ["", ".", "a.", "..", "a/b", "a b", "a\"b", "ä", "<b>", &long] {
            assert_eq!(Package::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn package_urls_escape_what_is_no_plain_character() {
        let commit = CommitSha::parse(&"a".repeat(40)).unwrap();
        let package = Package::parse("gtk+").unwrap();
        assert_eq!(
            package.purl_at(Some("1.0+git?x"), &commit),
            format!("pkg:nix/nixpkgs/gtk%2B@1.0%2Bgit%3Fx?commit={commit}")
        );
        for odd in ["", "1 0", "1\u{202e}", &"1".repeat(81)] {
            assert_eq!(
                package.purl_at(Some(odd), &commit),
                package.purl_at(None, &commit)
            );
        }
    }
}
