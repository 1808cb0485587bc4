//! On which pull request something is to be written next.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{Comment, CommentRecord, CommentStep, PrNumber, Sha256, Timestamp};

use super::pace::CommentPace;

/// Since when each comment is to say what it is to say now: what changes again soon is not written.
#[derive(Debug, Default)]
pub struct Settling(BTreeMap<PrNumber, (Sha256, Timestamp)>);

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommentDue {
    /// The comment on this one, now; `None` where nothing is to be written yet.
    pub now: Option<PrNumber>,
    /// When something is to be, at the earliest.
    pub next: Option<Timestamp>,
    /// The pull requests on which something is to be written, now or later.
    pub waiting: BTreeSet<PrNumber>,
}

impl Settling {
    /// Looks at what all comments are to say now.
    pub fn look(&mut self, wanted: &BTreeMap<PrNumber, Comment>, now: Timestamp) {
        self.0.retain(|pr, _| wanted.contains_key(pr));
        for (pr, comment) in wanted {
            let (text, since) = self.0.entry(*pr).or_insert((comment.digest(), now));
            if *text != comment.digest() {
                (*text, *since) = (comment.digest(), now);
            }
            // The clock was set back.
            *since = (*since).min(now);
        }
    }

    fn since(&self, pr: PrNumber) -> Option<Timestamp> {
        self.0.get(&pr).map(|(_, since)| *since)
    }
}

/// What is to be written at this time. What has waited longest comes first, once it was the same for
/// `stable_seconds`.
pub fn comment_due(
    wanted: &BTreeMap<PrNumber, Comment>,
    records: &BTreeMap<PrNumber, CommentRecord>,
    settling: &Settling,
    pace: &CommentPace,
    stable_seconds: i64,
    now: Timestamp,
) -> CommentDue {
    let unknown = CommentRecord::default();
    let mut all: Vec<(Timestamp, Timestamp, PrNumber)> = Vec::new();
    for (pr, comment) in wanted {
        let record = records.get(pr).unwrap_or(&unknown);
        let (step, at) = record.next(comment, now);
        if let (CommentStep::Post | CommentStep::Edit(_), Some(since)) = (step, settling.since(*pr))
        {
            all.push((at.max(since.plus_seconds(stable_seconds)), since, *pr));
        }
    }
    let may = pace.next(now);
    let ready = all.iter().filter(|(at, ..)| *at <= now && may <= now);
    let first = ready.min_by_key(|(_, since, pr)| (*since, *pr));
    CommentDue {
        now: first.map(|(_, _, pr)| *pr),
        next: all.iter().map(|(at, ..)| (*at).max(may)).min(),
        waiting: all.iter().map(|(_, _, pr)| *pr).collect(),
    }
}
