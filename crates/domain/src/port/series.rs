//! Releases that have branches.

use std::fmt;

/// A release as branches name it: `26.05`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series(String);

impl Series {
    /// The release that a branch belongs to, by nixpkgs' way of naming branches: the version that
    /// makes up a part of the name between hyphens. `nixos-26.05`, `nixos-26.05-small`,
    /// `release-26.05` and `staging-next-26.05` belong to 26.05; `master`, `staging` and
    /// `nixos-unstable` belong to none.
    pub fn of(branch: &str) -> Option<Self> {
        let version = branch.split('-').find(|part| is_version(part));
        version.map(|version| Self(version.to_owned()))
    }
}

/// Two digits for the year and two for the month.
fn is_version(text: &str) -> bool {
    match text.as_bytes() {
        [a, b, b'.', c, d] => [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_belongs_to_the_release_that_its_name_has() {
        let of = |branch: &str| Series::of(branch).map(|it| it.to_string());
        for branch in [
            "nixos-26.05",
            "nixos-26.05-small",
            "nixpkgs-26.05-darwin",
            "release-26.05",
            "staging-next-26.05",
            "26.05",
        ] {
            assert_eq!(of(branch).as_deref(), Some("26.05"), "{branch}");
        }
        for branch in [
            "master",
            "staging-next",
            "nixos-unstable",
            "release-26.5",
            "release26.05",
            "release-26.05.1",
            "",
        ] {
            assert_eq!(of(branch), None, "{branch}");
        }
    }
}
