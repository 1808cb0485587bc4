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
    let mut updates = versioned(title);
    if updates.is_empty() {
        updates.extend(unversioned(title));
    }
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

/// `a: 1.2 -> 1.3, b: 2.3 -> 2.4`; `a: bump 1.2 -> 1.3`; `a: update 1.2 to 1.3`
fn versioned<'a>(title: &Title<'a>) -> Vec<Update<'a>> {
    let words: Vec<_> = title.rest.split_whitespace().collect();
    let mut updates = Vec::new();
    let mut package = title.topic;
    for (at, word) in words.iter().enumerate() {
        if let Some(name) = word.strip_suffix(':').filter(|_| at > 0) {
            package = name;
        }
        let is_arrow = matches!(*word, "->" | "\u{2192}" | "=>" | "-->");
        let is_between = |at: usize| at > 0 && at + 1 < words.len();
        if !(is_arrow || *word == "to") || !is_between(at) {
            continue;
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
