//! The lane that reads what candidates have at their heads: commits, files, and the advisories that
//! those name. Git has all of it, and none of it costs a request of GitHub's limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_domain::{BranchName, Candidate, CommitSha, PrNumber, Timestamp};
use picket_merger::Fetched;

use crate::engine::{Engine, blocking, now};
use crate::lane::{Lane, Tried};
use crate::supervise::{Bell, Work};
use crate::waits::Waits;

/// After so many it looks again: what is new comes first.
const AT_ONCE: usize = 8;
/// The first wait before a head is looked for again that was not there; the longest is some hours.
const ABSENT_SECONDS: i64 = 30;

/// What is read: a head, and the branch that it left.
type Key = (PrNumber, CommitSha, BranchName);

pub(crate) struct Read {
    engine: Arc<Engine>,
    bell: Bell,
    /// What was not there. GitHub's copies of a commit lag behind, and why one that is gone cannot be
    /// picked is told elsewhere.
    absent: Waits<Key>,
}

impl Work for Read {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        loop {
            let known = self.engine.known().await?;
            let mut unread: Vec<_> = known.values().filter(|it| it.details.is_none()).collect();
            unread.sort_by_key(|it| std::cmp::Reverse(it.updated_at));
            let keys: BTreeMap<_, _> = unread.iter().map(|it| (key(it), describe(it))).collect();
            self.absent.keep(|key| keys.contains_key(key));
            lane.keep_wanted(|step| step == "looking" || keys.values().any(|it| it == step));
            unread.retain(|it| self.absent.is_due(&key(it), now()) != Some(false));
            let mut done = 0;
            for candidate in unread {
                done += usize::from(self.try_one(lane, candidate).await == Tried::Done);
                if done == AT_ONCE {
                    break;
                }
            }
            if done == 0 {
                return Ok(self.absent.next());
            }
            self.bell.ring();
        }
    }
}

fn key(candidate: &Candidate) -> Key {
    let (head, branch) = (candidate.head.clone(), candidate.base_branch.clone());
    (candidate.pr, head, branch)
}

fn describe(candidate: &Candidate) -> String {
    format!("reading the commits of #{}", candidate.pr)
}

impl Read {
    pub(crate) fn new(engine: Arc<Engine>, bell: Bell) -> Self {
        Self {
            engine,
            bell,
            absent: Waits::new(ABSENT_SECONDS),
        }
    }

    async fn try_one(&mut self, lane: &Lane, candidate: &Candidate) -> Tried {
        let mut is_there = true;
        let reading = async {
            is_there = self.engine.read(candidate).await?;
            Ok(())
        };
        let tried = lane.attempt(&describe(candidate), reading).await;
        if tried == Tried::Done && !is_there {
            self.absent.again(key(candidate), now());
        }
        tried
    }
}

impl Engine {
    /// Reads what a candidate has and records it; returns whether it was there to be read.
    async fn read(&self, candidate: &Candidate) -> anyhow::Result<bool> {
        self.fetch_base_branch(candidate).await?;
        if self.fetch_head(candidate.pr, &candidate.head).await? == Fetched::Gone {
            return Ok(false);
        }
        let (merger, of) = (self.merger.clone(), candidate.clone());
        let Some(details) = blocking(move || merger.details(&of)).await? else {
            return Ok(false);
        };
        self.store.record_details(candidate, details).await?;
        Ok(true)
    }
}
