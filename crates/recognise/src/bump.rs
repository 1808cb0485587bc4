//! Version bumps, which most security fixes are, and most of which say nothing of it.

use crate::scope::{is_development, topics};
use crate::title::Title;
use crate::update::versioned;

/// No version has more characters.
const MAX_VERSION: usize = 60;
/// More packages than this are a change of another kind.
const MOST_PACKAGES: usize = 20;

/// A package that goes from one version to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump<'a> {
    /// The package, as a title names it: an attribute, or the end of one.
    pub package: &'a str,
    /// The version before, without a leading `v`.
    pub from: &'a str,
    /// The version after.
    pub to: &'a str,
}

/// The version bumps that a pull request's title tells of, where it is meant for a branch that
/// becomes a channel: `mastodon: 4.5.1 -> 4.5.2`.
pub fn bumps<'a>(title: &'a str, base: &str) -> Vec<Bump<'a>> {
    if !is_development(base) {
        return Vec::new();
    }
    let title = Title::of(title);
    let updates = versioned(&title).into_iter().filter_map(|it| {
        let (from, to) = (version(it.from)?, version(it.to)?);
        Some(topics(it.package).map(move |package| Bump { package, from, to }))
    });
    updates.flatten().take(MOST_PACKAGES).collect()
}

fn version(text: &str) -> Option<&str> {
    let version = text.trim_start_matches(['v', 'V']);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    (is_version && version.len() <= MAX_VERSION).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(title: &str, base: &str) -> Vec<String> {
        let bumps = bumps(title, base).into_iter();
        bumps
            .map(|it| format!("{} {} {}", it.package, it.from, it.to))
            .collect()
    }

    #[test]
    fn titles_tell_of_bumps() {
        for (title, expected) in [
            ("mastodon: 4.5.1 -> 4.5.2", vec!["mastodon 4.5.1 4.5.2"]),
            ("[25.11] a: v1.0 -> v1.1", vec!["a 1.0 1.1"]),
            ("{a,b}: 1 -> 2", vec!["a 1 2", "b 1 2"]),
            ("a: 1 -> 2, b: 3->4", vec!["a 1 2", "b 3 4"]),
            (
                "python3Packages.django: 5.2.8 -> 5.2.9",
                vec!["python3Packages.django 5.2.8 5.2.9"],
            ),
            ("a: fix build", vec![]),
            ("a: latest -> 2", vec![]),
        ] {
            assert_eq!(read(title, "master"), expected, "{title}");
        }
    }

    #[test]
    fn only_those_count_that_come_to_servers() {
        assert_eq!(read("a: 1 -> 2", "haskell-updates"), [""; 0]);
        assert_eq!(read("a: 1 -> 2", "staging-26.05"), ["a 1 2"]);
    }
}
