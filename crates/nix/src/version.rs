//! Nix's version.

use std::fmt;
use std::str::FromStr;

/// A version of Nix: its numbers, and the text that they were read from.
///
/// Ordered by the numbers alone: `2.34.1pre20260301_abcdef` stands with `2.34.1`.
#[derive(Debug, Clone)]
pub struct NixVersion {
    numbers: Vec<u64>,
    text: String,
}

impl NixVersion {
    /// Reads the version from what `nix --version` prints: `nix (Nix) 2.8.0`,
    /// `nix (Lix, like Nix) 2.91.1`, `nix (Determinate Nix 3.8.5) 2.30.2`.
    pub fn of_output(output: &str) -> Option<Self> {
        let line = output.lines().find(|line| line.starts_with("nix "))?;
        let after = line.rsplit_once(')').map_or(line, |(_, after)| after);
        after.split_whitespace().last()?.parse().ok()
    }

    /// Whether this version is at least the other one.
    pub fn is_at_least(&self, other: &Self) -> bool {
        let width = self.numbers.len().max(other.numbers.len());
        let padded = |numbers: &[u64]| {
            let mut numbers = numbers.to_vec();
            numbers.resize(width, 0);
            numbers
        };
        padded(&self.numbers) >= padded(&other.numbers)
    }

    /// Whether this version is at least `major.minor`.
    pub fn is_at_least_numbers(&self, major: u64, minor: u64) -> bool {
        let numbers = vec![major, minor];
        self.is_at_least(&Self {
            numbers,
            text: String::new(),
        })
    }
}

/// A text that does not begin with a version's numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a version")]
pub struct NotAVersion;

impl FromStr for NixVersion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
        if text.len() > 64 || !text.chars().all(is_plain) {
            return Err(NotAVersion);
        }
        let numeric_end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let numbers = text[..numeric_end].trim_end_matches('.').split('.');
        let numbers: Result<Vec<u64>, _> = numbers.map(str::parse).collect();
        Ok(Self {
            numbers: numbers.map_err(|_| NotAVersion)?,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for NixVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> NixVersion {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_nix_says_its_version() {
        for (output, expected) in [
            ("nix (Nix) 2.8.0\n", "2.8.0"),
            (
                "nix (Nix) 2.34.1pre20260301_0a1b2c3\n",
                "2.34.1pre20260301_0a1b2c3",
            ),
            ("nix (Lix, like Nix) 2.91.1\nSystem type: ..\n", "2.91.1"),
            ("nix (Determinate Nix 3.8.5) 2.30.2\n", "2.30.2"),
            ("warning: something\nnix (Nix) 2.26.3\n", "2.26.3"),
        ] {
            assert_eq!(
                NixVersion::of_output(output).unwrap().to_string(),
                expected,
                "{output}"
            );
        }
        assert!(NixVersion::of_output("").is_none());
        assert!(NixVersion::of_output("nix (Nix) \u{1b}[31m2\n").is_none());
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("2.18.0").is_at_least(&version("2.8.0")));
        assert!(!version("2.8.0").is_at_least(&version("2.18")));
        assert!(version("2.18").is_at_least(&version("2.18.0")));
        assert!(version("2.34.1pre1_x").is_at_least(&version("2.34.1")));
        assert!(version("3").is_at_least(&version("2.99.9")));
    }
}
