//! Updates that a title announces.

use crate::evidence::{Evidence, Watched};
use crate::packages;
use crate::place::Place;
use crate::title::Title;
use crate::version::{Step, step};
use crate::words::words;

/// An update from one version to another.
struct Update {
    package: String,
    step: Option<Step>,
}

/// What a title's updates say.
pub(crate) fn evidence(title: &Title<'_>, to_release: bool) -> Vec<Evidence> {
    let updates = updates(title);
    let patches = updates.iter().filter(|it| it.step == Some(Step::Patch));
    let watched_patches = patches.filter(|it| watched(it) > Watched::No).count();
    let mut found: Vec<_> = updates
        .iter()
        .map(|update| said(update, to_release))
        .collect();
    found.retain(|it| it.weight(Place::Title) > 0);
    found.sort_by_key(|it| std::cmp::Reverse(it.weight(Place::Title)));
    found.truncate(1);
    if watched_patches >= SERIES_AT_ONCE {
        found.push(Evidence::SeriesAtOnce {
            count: watched_patches,
        });
    }
    found
}

fn updates(title: &Title<'_>) -> Vec<Update> {
    let updates = versioned(title);
    if !updates.is_empty() {
        return updates.iter().map(Versioned::update).collect();
    }
    let update = unversioned(title);
    update.map_or_else(|| in_words(title), |update| vec![update])
}

/// So many series are not updated at once by chance.
const SERIES_AT_ONCE: usize = 3;

fn watched(update: &Update) -> Watched {
    packages::watched(&update.package, update.step)
}

fn said(update: &Update, to_release: bool) -> Evidence {
    Evidence::Update {
        package: update.package.trim_matches('"').chars().take(80).collect(),
        watched: watched(update),
        is_patch: update.step.is_none_or(|step| step == Step::Patch),
        to_release,
    }
}

/// An update of which both versions are told.
pub(crate) struct Versioned<'a> {
    pub(crate) package: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

impl Versioned<'_> {
    fn update(&self) -> Update {
        Update {
            package: self.package.to_owned(),
            step: step(self.from, self.to),
        }
    }
}

/// `a: 1.2 -> 1.3, b: 2.3->2.4`; `a: bump 1.2 -> 1.3`; `a 1.2 to 1.3`
pub(crate) fn versioned<'a>(title: &Title<'a>) -> Vec<Versioned<'a>> {
    let words: Vec<_> = title
        .rest
        .split_whitespace()
        .flat_map(around_arrow)
        .collect();
    let mut updates = Vec::new();
    let mut package = title.topic;
    for (at, word) in words.iter().enumerate() {
        if let Some(name) = word.strip_suffix(':').filter(|_| at > 0) {
            package = name;
        }
        let is_arrow = ARROWS.contains(word);
        let is_between = at > 0 && at + 1 < words.len();
        if !(is_arrow || *word == "to") || !is_between {
            continue;
        }
        if package.is_empty() && at > 1 {
            package = words[at - 2];
        }
        let trim = |word: &'a str| word.trim_matches([',', ';', '`', '(', ')', '"']);
        let (from, to) = (trim(words[at - 1]), trim(words[at + 1]));
        // `{3,4}.{1,2} -> ..` and the like: an update, though not told how far.
        if is_arrow || step(from, to).is_some() {
            updates.push(Versioned { package, from, to });
        }
    }
    updates
}

const ARROWS: &[&str] = &["->", "\u{2192}", "=>", "-->"];

/// `2.77->2.78` is three words.
fn around_arrow(word: &str) -> Vec<&str> {
    let arrow = ARROWS.iter().find_map(|arrow| {
        let (from, to) = word.split_once(arrow)?;
        (!from.is_empty() && !to.is_empty()).then_some(vec![from, *arrow, to])
    });
    arrow.unwrap_or_else(|| vec![word])
}

/// `kernel updates for 2026-06-01`, `nodejs_{20,22}: update`, `Firefox 84.0.2`
fn unversioned(title: &Title<'_>) -> Option<Update> {
    let lower = title.rest.to_lowercase();
    if lower.contains("kernel update") {
        return Some(Update {
            package: "linux".to_owned(),
            step: None,
        });
    }
    let action = words(title.action);
    let word = |at: usize| action.get(at).map_or("", |word| word.lower.as_str());
    let is_update = matches!(word(0), "update" | "updates" | "bump" | "bumps" | "upgrade");
    let goes_on = word(1);
    let of_all = matches!(goes_on, "" | "to" | "all" | "versions" | "for");
    let to_version = goes_on.starts_with(|c: char| c.is_ascii_digit());
    if is_update && (of_all || to_version) && !title.topic.is_empty() {
        let version = if goes_on == "to" { word(2) } else { goes_on };
        return Some(Update {
            package: title.topic.to_owned(),
            step: first_of_series(version),
        });
    }
    let mut halves = title.rest.split_whitespace();
    let (name, version) = (halves.next()?, halves.next()?);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    (is_version && halves.next().is_none()).then_some(Update {
        package: name.to_owned(),
        step: None,
    })
}

/// `Update tor to 0.2.4.22 and tor browser to 3.6.2`, `Upgrade nginx`: as titles were when they
/// had no colons.
fn in_words(title: &Title<'_>) -> Vec<Update> {
    let (verb, rest) = title.rest.split_once(' ').unwrap_or_default();
    let verb = verb.to_lowercase();
    let is_update = matches!(verb.as_str(), "update" | "upgrade" | "bump");
    if !is_update || !title.topic.is_empty() {
        return Vec::new();
    }
    let parts = rest.split(" and ").flat_map(|part| part.split(", "));
    parts
        .take(MOST_IN_WORDS)
        .filter_map(part_in_words)
        .collect()
}

/// So many packages nobody updates in one title; more would only take time.
const MOST_IN_WORDS: usize = 20;

/// `tor browser to 3.6.2`, `tor browser`; but `nix to use b` is no update. How far it goes is told
/// by the version alone, so without one it may go far.
fn part_in_words(part: &str) -> Option<Update> {
    let (name, version) = part.split_once(" to ").unwrap_or((part, "0.0.0"));
    let is_version = version
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit());
    let name = name.split(" from ").next().unwrap_or_default();
    let name: Vec<_> = name.split_whitespace().collect();
    (is_version && !name.is_empty()).then(|| Update {
        package: name.join("-"),
        step: first_of_series(version),
    })
}

/// `1.21.0` is no patch release, whatever it comes after.
fn first_of_series(version: &str) -> Option<Step> {
    let version = version.split_whitespace().next().unwrap_or_default();
    let is_first = version.matches('.').count() > 1 && version.ends_with(".0");
    is_first.then_some(Step::Minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages_and_steps(title: &str) -> Vec<(String, Option<Step>)> {
        let title = Title::of(title);
        updates(&title)
            .into_iter()
            .map(|update| (update.package, update.step))
            .collect()
    }

    #[test]
    fn updates_are_read_off_titles() {
        for (title, expected) in [
            ("a: 1.2.3 -> 1.2.4", vec![("a", Some(Step::Patch))]),
            (
                "a: 1.2.3 \u{2192} 1.3.0, b: 2.0->3.0",
                vec![("a", Some(Step::Minor)), ("b", Some(Step::Major))],
            ),
            (
                "[25.11] a: bump 1.2.3 -> 1.2.4, 2.2.2 -> 2.2.4",
                vec![("a", Some(Step::Patch)), ("a", Some(Step::Patch))],
            ),
            (
                "[19 09] brave 1.4.95 to 1.5.112",
                vec![("brave", Some(Step::Minor))],
            ),
            (
                "rsync: update 3.1.0 to 3.1.1",
                vec![("rsync", Some(Step::Patch))],
            ),
            (
                "lix_2_9{3,4}: 2.9{3,4}.1 -> 2.9{3,4}.2",
                vec![("lix_2_9{3,4}", Some(Step::Patch))],
            ),
            ("Kernel updates for 2025-06-04", vec![("linux", None)]),
            ("nodejs_{20,22}: update", vec![("nodejs_{20,22}", None)]),
            ("Firefox 84.0.2", vec![("Firefox", None)]),
            (
                "Update tor to 0.2.4.22 and tor browser to 3.6.2",
                vec![("tor", None), ("tor-browser", None)],
            ),
            ("Upgrade curl", vec![("curl", Some(Step::Minor))]),
            ("Update a to use b", vec![]),
            ("a: update to 1.21.0", vec![("a", Some(Step::Minor))]),
            ("chromium: update script", vec![]),
            ("a: add support for 1.2 to b", vec![]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(package, step): (&str, _)| (package.to_owned(), step))
                .collect();
            assert_eq!(packages_and_steps(title), expected, "{title}");
        }
    }
}
