//! The packages that a channel is about, besides security fixes of any other.

use crate::id::JobName;
use crate::policy::JobPattern;

/// Patterns for names of packages, as nixpkgs' attributes are called. A team that keeps servers of the
/// Fediverse wants to see each change to `mastodon`, whether anybody calls it a security fix or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope(Vec<JobPattern>);

impl Scope {
    /// The packages whose names match one of these.
    pub fn new(patterns: Vec<JobPattern>) -> Self {
        Self(patterns)
    }

    /// Whether it names no package.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a package is in it, by its attribute path (`python3Packages.django`) or the last name
    /// of that.
    pub fn has(&self, attribute: &str) -> bool {
        let names = [attribute, last_name(attribute)].map(JobName::parse);
        let mut names = names.into_iter().flatten();
        names.any(|name| self.0.iter().any(|pattern| pattern.matches(&name)))
    }

    /// What is in this scope or the other.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let new = other.0.iter().filter(|it| !self.0.contains(it));
        let new: Vec<_> = new.cloned().collect();
        self.0.extend(new);
        self
    }
}

/// The last name of an attribute path: `django` of `python3Packages.django`.
pub fn last_name(attribute: &str) -> &str {
    attribute.rsplit('.').next().unwrap_or(attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(patterns: &[&str]) -> Scope {
        let patterns = patterns.iter().map(|it| JobPattern::parse(it).unwrap());
        Scope::new(patterns.collect())
    }

    #[test]
    fn packages_are_in_it_by_their_path_or_their_last_name() {
        let scope = scope(&["mastodon", "firefox*", "linuxPackages*.nvidia_x11"]);
        for name in ["mastodon", "firefox-esr", "linuxPackages_6_12.nvidia_x11"] {
            assert!(scope.has(name), "{name}");
        }
        for name in ["mastodon-archive", "nvidia_x11", "", "a b"] {
            assert!(!scope.has(name), "{name}");
        }
        assert!(scope.has("nixosTests.mastodon"));
    }

    #[test]
    fn two_scopes_are_one_without_doubles() {
        let both = scope(&["a", "b"]).and(&scope(&["b", "c"]));
        assert_eq!(both, scope(&["a", "b", "c"]));
        assert!(!both.is_empty() && Scope::default().is_empty());
    }
}
