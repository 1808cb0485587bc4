//! For how long releases carried a fix.

use std::collections::HashMap;

use picket_domain::{CommitSha, Form, PrNumber, Release, Releases, Timestamp};

/// Releases one after the other that carry the same head of a pull request in the same form.
#[derive(Debug, Clone)]
pub(crate) struct Run<'f> {
    /// The head.
    pub(crate) head: &'f CommitSha,
    /// The form.
    pub(crate) form: &'f Form,
    /// The first of them, and when it came out.
    pub(crate) first: (&'f Release, Timestamp),
    /// The first after them, and when it came out; `None`: clients get the last of them.
    pub(crate) left: Option<(&'f Release, Timestamp)>,
}

/// The runs of every pull request that was ever released, oldest first.
pub(crate) fn runs(releases: &Releases) -> HashMap<PrNumber, Vec<Run<'_>>> {
    gathered(releases, |_| true)
}

/// The runs of one pull request, oldest first.
pub(crate) fn runs_of(releases: &Releases, pr: PrNumber) -> Vec<Run<'_>> {
    let mut runs = gathered(releases, |other| other == pr);
    runs.remove(&pr).unwrap_or_default()
}

fn gathered(
    releases: &Releases,
    is_wanted: impl Fn(PrNumber) -> bool,
) -> HashMap<PrNumber, Vec<Run<'_>>> {
    let mut runs: HashMap<PrNumber, Vec<Run<'_>>> = HashMap::new();
    let mut open: Vec<PrNumber> = Vec::new();
    let published = releases.iter();
    let published = published.filter_map(|release| Some((release, release.published_at()?)));
    for release in published {
        for pr in &open {
            let last = runs.get_mut(pr).and_then(|runs| runs.last_mut());
            if let Some(run) = last.filter(|run| !release.0.has_as(*pr, run.head, run.form)) {
                run.left = Some(release);
            }
        }
        let picks = || release.0.picks.iter().filter(|pick| is_wanted(pick.pr));
        open = picks().map(|pick| pick.pr).collect();
        for pick in picks() {
            let of_it = runs.entry(pick.pr).or_default();
            if of_it.last().is_none_or(|run| run.left.is_some()) {
                of_it.push(Run {
                    head: &pick.head,
                    form: &pick.form,
                    first: release,
                    left: None,
                });
            }
        }
    }
    runs
}
