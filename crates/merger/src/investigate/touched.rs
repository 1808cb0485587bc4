//! What is listed of the commits that touched a conflict's places.

use std::ops::ControlFlow;

use git2::{Commit, Oid};
use picket_domain::{PrNumber, Timestamp, TouchingCommit};

use super::inquiry::{Inquiry, Range};
use super::places::{Place, What};
use super::touching;
use crate::error::Result;
use picket_mirror::sha;

/// How many commits are listed of a side.
pub(super) const MAX_COMMITS: usize = 20;
/// How many are listed of a file, however many files there are.
const MIN_COMMITS: usize = 2;
/// How much is shown of a commit's first line, in characters.
const MAX_SUBJECT: usize = 200;
/// How much is shown of a name, in characters.
const MAX_NAME: usize = 100;

/// A commit and the place that it touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) id: Oid,
    pub(super) path: String,
}

/// The commits of a range that touched the places and are wanted: by file, youngest first, and no
/// more than fit on a page.
pub(super) fn touched(
    inquiry: &Inquiry<'_>,
    range: Range,
    places: &[Place],
    is_wanted: impl Fn(Oid) -> bool,
) -> Result<Vec<Touched>> {
    let each = (MAX_COMMITS / places.len().max(1)).max(MIN_COMMITS);
    let mut found: Vec<Touched> = Vec::new();
    for place in places {
        let end = (found.len() + each).min(MAX_COMMITS);
        touching::commits(inquiry, range, place, |id| {
            let path = place.path.clone();
            let touched = Touched { id, path };
            if !is_wanted(id) || found.contains(&touched) || !inquiry.is_legible(id) {
                return Ok(ControlFlow::Continue(()));
            }
            if found.len() >= end {
                inquiry.cut_short();
                return Ok(ControlFlow::Break(()));
            }
            found.push(touched);
            Ok(match place.what {
                What::Lines(_) | What::File => ControlFlow::Continue(()),
                // What came before that is another file's history.
                What::Arrival | What::Removal => ControlFlow::Break(()),
            })
        })?;
    }
    Ok(found)
}

/// A commit as it is listed: its text bounded, and without what is no text.
pub(super) fn listed(commit: &Commit<'_>, path: String, pr: Option<PrNumber>) -> TouchingCommit {
    TouchingCommit {
        sha: sha(commit.id()),
        subject: shown(commit.summary_bytes().unwrap_or_default(), MAX_SUBJECT),
        author: shown(commit.author().name_bytes(), MAX_NAME),
        at: Timestamp::from_unix(commit.committer().when().seconds()),
        pr,
        path,
    }
}

fn shown(text: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .filter(|c| !c.is_control())
        .take(limit)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_bounded_and_plain() {
        assert_eq!(shown(b"a\x1b[31m\xffb\r\n", 200), "a[31m\u{fffd}b");
        assert_eq!(shown("ü".repeat(500).as_bytes(), 200).chars().count(), 200);
    }
}
