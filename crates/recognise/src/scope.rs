//! Whether a pull request is about a package that a channel is about.

use picket_domain::{Scope, attribute_of, last_name};

use crate::subject::Subject;
use crate::title::Title;

/// The first package of a channel's scope that a pull request is about, as its title or the files
/// that it changes name it; `None`: it is about none, or is not meant for a branch that becomes a
/// channel.
///
/// A title names packages before its colon (`mastodon: 4.5.1 -> 4.5.2`, `firefox{,-esr}: ..`), or a
/// module (`nixos/mastodon: ..`).
pub fn in_scope(subject: &Subject<'_>, scope: &Scope) -> Option<String> {
    if scope.is_empty() || !is_development(subject.base) {
        return None;
    }
    let mut names = packages(subject);
    names.find(|name| scope.has(name)).map(ToOwned::to_owned)
}

/// Whether a pull request is about a package, as its title or the files that it changes name it: by
/// the last name of its attribute path, since sets have many (`python312Packages`,
/// `python313Packages`).
pub fn is_about(subject: &Subject<'_>, attribute: &str) -> bool {
    packages(subject).any(|name| last_name(name) == last_name(attribute))
}

fn packages<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a str> {
    let by_title = topics(Title::of(subject.title).topic);
    let by_path: Vec<_> = subject
        .paths
        .iter()
        .filter_map(|it| attribute_of(it))
        .collect();
    by_title.chain(by_path)
}

/// Whether what is merged into a branch comes to servers some day.
pub(crate) fn is_development(branch: &str) -> bool {
    let families = ["master", "staging", "release"];
    families.iter().any(|family| {
        let rest = branch.strip_prefix(family);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

pub(crate) fn topics(topic: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || ",{}()/&+`'\"".contains(c);
    topic.split(is_between).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use picket_domain::JobPattern;

    use super::*;

    fn found(title: &str, base: &str, paths: &[&str]) -> Option<String> {
        let patterns = ["mastodon", "firefox*", "django*"];
        let patterns = patterns.map(|it| JobPattern::parse(it).unwrap());
        let subject = Subject {
            title,
            base,
            paths: paths.to_vec(),
            ..Subject::default()
        };
        in_scope(&subject, &Scope::new(patterns.into()))
    }

    #[test]
    fn a_title_names_packages_before_its_colon() {
        for (title, name) in [
            ("mastodon: 4.5.1 -> 4.5.2", "mastodon"),
            (
                "[Backport release-26.05] mastodon: 4.5.1 -> 4.5.2",
                "mastodon",
            ),
            ("nixos/mastodon: restart on failure", "mastodon"),
            ("nginx, firefox{,-esr}: clean up", "firefox"),
            (
                "python3Packages.django_5: 5.0 -> 5.1",
                "python3Packages.django_5",
            ),
        ] {
            assert_eq!(
                found(title, "master", &[]).as_deref(),
                Some(name),
                "{title}"
            );
        }
        for title in [
            "nginx: do as mastodon does",
            "mastodon",
            "mastodonctl: init",
            ": x",
            "",
        ] {
            assert_eq!(found(title, "master", &[]), None, "{title}");
        }
    }

    #[test]
    fn files_by_name_say_what_is_changed() {
        let by_name = "pkgs/by-name/ma/mastodon/source.nix";
        let name = found("treewide: format", "staging-26.05", &["README.md", by_name]);
        assert_eq!(name.as_deref(), Some("mastodon"));
        for path in [
            "pkgs/by-name/mastodon",
            "pkgs/by-name",
            "nixos/mastodon/a.nix",
        ] {
            assert_eq!(found("treewide: format", "master", &[path]), None, "{path}");
        }
    }

    #[test]
    fn a_package_of_several_sets_is_one() {
        let subject = Subject {
            title: "python3Packages.txtai: 8.1 -> 8.2",
            paths: vec!["pkgs/by-name/li/libtiff/package.nix"],
            ..Subject::default()
        };
        for attribute in ["python312Packages.txtai", "txtai", "libtiff"] {
            assert!(is_about(&subject, attribute), "{attribute}");
        }
        assert!(!is_about(&subject, "python3Packages.keras"));
    }

    #[test]
    fn only_branches_that_become_channels_count() {
        for (base, counts) in [
            ("master", true),
            ("staging-next", true),
            ("release-26.05", true),
            ("staging-26.05", true),
            ("wip-mastodon", false),
            ("masterpiece", false),
            ("python-updates", false),
        ] {
            let found = found("mastodon: fix", base, &[]);
            assert_eq!(found.is_some(), counts, "{base}");
        }
    }
}
