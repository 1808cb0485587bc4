//! Where a pull request has characters that make it read otherwise than it is.

use std::collections::BTreeMap;

use picket_domain::Candidate;

use super::changed::ChangedView;
use super::diff::DiffView;
use crate::lines::DiffLine;
use crate::odd::{Odd, find, number};

/// Places that are named.
const NAMED: usize = 8;

/// What is odd about a pull request's text, a line for each place and character.
pub(super) struct OddView {
    pub(super) lines: Vec<String>,
    /// How many are not named.
    pub(super) more: usize,
}

/// How often each odd character is where.
type Counts = BTreeMap<(String, String, Odd), usize>;

impl OddView {
    /// Of what the page shows of it.
    pub(super) fn of(
        candidate: &Candidate,
        body: &str,
        diff: &DiffView,
        changed: Option<&ChangedView>,
    ) -> Self {
        let mut counts = Counts::new();
        count(&mut counts, "the title", &candidate.title, true);
        count(&mut counts, "the description", body, false);
        count(
            &mut counts,
            "the name of its branch",
            candidate.base_branch.as_str(),
            true,
        );
        for commit in candidate.commits() {
            count(&mut counts, "commits", &commit.subject, true);
        }
        for file in candidate.files() {
            count(&mut counts, "names of files", &file.path, true);
        }
        for file in &diff.files {
            lines(&mut counts, &file.path, &file.lines);
        }
        for commit in changed.iter().flat_map(|changed| &changed.commits) {
            lines(&mut counts, "what is picked", &commit.diff.lines);
        }
        let more = counts.len().saturating_sub(NAMED);
        let lines = counts.into_iter().take(NAMED).map(line).collect();
        Self { lines, more }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

fn lines(counts: &mut Counts, place: &str, lines: &[DiffLine]) {
    for line in lines {
        count(counts, place, &line.text, true);
    }
}

fn count(counts: &mut Counts, place: &str, text: &str, code: bool) {
    for (range, odd) in find(text, code) {
        let key = (place.to_owned(), number(&text[range]), odd);
        *counts.entry(key).or_default() += 1;
    }
}

/// `U+202E, which turns the direction of what follows, in pkgs/x.nix, twice`
fn line(((place, number, odd), count): ((String, String, Odd), usize)) -> String {
    let words = odd.words();
    let times = match count {
        1 => String::new(),
        n => format!(", {n} times"),
    };
    format!("{number}, which {words}, in {place}{times}")
}
