//! Updates that a title announces.

use crate::evidence::{Evidence, Watched};
use crate::packages;
use crate::place::Place;
use crate::title::Title;
use crate::version::{Step, step};
use crate::words::words;

/// An update from one version to another.
struct Update<'a> {
    package: &'a str,
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

fn updates<'a>(title: &Title<'a>) -> Vec<Update<'a>> {
    let updates = versioned(title);
    if updates.is_empty() {
        unversioned(title).into_iter().collect()
    } else {
        updates
    }
}

/// So many series are not updated at once by chance.
const SERIES_AT_ONCE: usize = 3;

fn watched(update: &Update<'_>) -> Watched {
    packages::watched(update.package, update.step)
}

fn said(update: &Update<'_>, to_release: bool) -> Evidence {
    Evidence::Update {
        package: update.package.trim_matches('"').chars().take(80).collect(),
        watched: watched(update),
        is_patch: update.step.is_none_or(|step| step == Step::Patch),
        to_release,
    }
}

/// `a: 1.2 -> 1.3, b: 2.3->2.4`; `a: bump 1.2 -> 1.3`; `a 1.2 to 1.3`
fn versioned<'a>(title: &Title<'a>) -> Vec<Update<'a>> {
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
        let step = step(trim(words[at - 1]), trim(words[at + 1]));
        // `{3,4}.{1,2} -> ..` and the like: an update, though not told how far.
        if is_arrow || step.is_some() {
            updates.push(Update { package, step });
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
fn unversioned<'a>(title: &Title<'a>) -> Option<Update<'a>> {
    let lower = title.rest.to_lowercase();
    if lower.contains("kernel update") {
        return Some(Update {
            package: "linux",
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
        return Some(Update {
            package: title.topic,
            step: None,
        });
    }
    let mut halves = title.rest.split_whitespace();
    let (name, version) = (halves.next()?, halves.next()?);
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    (is_version && halves.next().is_none()).then_some(Update {
        package: name,
        step: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages_and_steps(title: &str) -> Vec<(String, Option<Step>)> {
        let title = Title::of(title);
        updates(&title)
            .into_iter()
            .map(|update| (update.package.to_owned(), update.step))
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
