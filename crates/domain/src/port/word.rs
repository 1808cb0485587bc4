//! The words of a sentence, as far as they matter here.

use super::series::Series;
use crate::id::PrNumber;

/// A word between blanks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a>(pub(super) &'a str);

impl<'a> Word<'a> {
    /// It without what stands around it.
    fn bare(self) -> &'a str {
        let is_around = |it: char| "()[]{},.;:!?`*_\"'\\".contains(it);
        self.0.trim_matches(is_around)
    }

    /// Whether it is one of these, which are in lower case.
    pub(super) fn is_of(self, words: &[&str]) -> bool {
        let bare = self.bare();
        words.iter().any(|word| word.eq_ignore_ascii_case(bare))
    }

    /// Whether a sentence ends behind it.
    pub(super) fn ends_sentence(self) -> bool {
        let text = self.0.trim_end_matches([')', ']', '`', '*', '_', '"']);
        text.len() < self.0.len() && self.0.ends_with([')', ']'])
            || text.ends_with(['.', ';', '!', '?', ':'])
    }

    /// Whether a sentence may begin with it, in the middle of a line.
    pub(super) fn opens(self) -> bool {
        self.0.starts_with(['(', '['])
    }

    /// Whether it names a branch of a release, or something like one.
    pub(super) fn names_branch(self) -> bool {
        self.series().is_some() || self.is_of(&["release", "stable", "staging", "branch"])
    }

    /// The release that it names.
    pub(super) fn series(self) -> Option<Series> {
        Series::of(self.bare())
    }

    /// Four digits and more: a number of a pull request that has no mark of one.
    pub(super) fn plain_number(self) -> Option<PrNumber> {
        (self.0.len() >= 4).then(|| number(self.0)).flatten()
    }

    /// The pull request that it refers to: `#7`, `NixOS/nixpkgs#7`, its address, or one of these as
    /// a link's text. `pull_requests` is where the watched repository's are; what is of another
    /// repository is no reference.
    pub(super) fn reference(self, pull_requests: Option<&str>) -> Option<PrNumber> {
        let text = self.0.trim_start_matches(['(', '[']);
        // Of a link, its text; the rest is punctuation.
        let text = text.split("](").next().unwrap_or(text);
        let text = text.trim_end_matches([')', ']', ',', '.', ';', ':', '!']);
        if let Some((repository, digits)) = text.split_once('#')
            && !repository.contains("://")
        {
            let is_ours = |address: &str| {
                let named = format!("/{repository}/pull/").to_ascii_lowercase();
                address.to_ascii_lowercase().ends_with(&named)
            };
            let is_full = repository.contains('/') && pull_requests.is_some_and(is_ours);
            let is_meant = repository.is_empty() || is_full;
            return number(digits).filter(|_| is_meant);
        }
        let address = pull_requests?;
        let begin = text.get(..address.len())?;
        let rest = &text[address.len()..];
        let digits = rest.split(['/', '#', '?']).next().unwrap_or(rest);
        number(digits).filter(|_| begin.eq_ignore_ascii_case(address))
    }
}

/// A number as GitHub writes it.
fn number(digits: &str) -> Option<PrNumber> {
    let is_one = !digits.starts_with('0') && digits.bytes().all(|it| it.is_ascii_digit());
    is_one.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Option<&str> = Some("https://github.com/NixOS/nixpkgs/pull/");

    #[test]
    fn a_reference_is_one_to_a_pull_request_of_the_same_repository() {
        for text in [
            "#412350",
            "#412350.",
            "(#412350),",
            "nixos/nixpkgs#412350",
            "https://github.com/NixOS/nixpkgs/pull/412350",
            "https://github.com/nixos/nixpkgs/pull/412350/files#diff-1",
            "[#412350](https://github.com/NixOS/nixpkgs/pull/412350).",
            "[NixOS/nixpkgs#412350](x)",
        ] {
            assert_eq!(
                Word(text).reference(OURS),
                Some(PrNumber(412_350)),
                "{text}"
            );
        }
        for text in [
            "openssl/openssl#412350",
            "https://github.com/openssl/openssl/pull/412350",
            "https://github.com/NixOS/nixpkgs/issues/412350",
            "https://example.org/#412350",
            "`#412350`",
            "#",
            "#0412350",
            "#4123x",
            "#99999999999999999999",
            "412350",
            "nixpkgs#412350",
            "ü",
        ] {
            assert_eq!(Word(text).reference(OURS), None, "{text}");
        }
        assert_eq!(Word("#7").reference(None), Some(PrNumber(7)));
        assert_eq!(Word("NixOS/nixpkgs#7").reference(None), None);
    }

    #[test]
    fn sentences_end_where_they_are_closed() {
        for text in ["a.", "a.)", "a)", "a]", "a:", "`a`.", "a!"] {
            assert!(Word(text).ends_sentence(), "{text}");
        }
        for text in ["a", "a,", "`a`", "(a", "a.b"] {
            assert!(!Word(text).ends_sentence(), "{text}");
        }
    }
}
