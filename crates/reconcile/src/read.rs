//! The lane that reads what candidates have at their heads: commits, files, and the advisories that
//! those name. Git has all of it, and none of it costs a request of GitHub's limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_domain::{BranchName, Candidate, CommitSha, PrNumber, Timestamp};
use picket_merger::Fetched;

use crate::engine::{Engine, blocking, now};
use crate::lane::{Lane, Tried};
use crate::supervise::{Bell, Work};

/// After so many it looks again: what is new comes first.
const AT_ONCE: usize = 8;
/// The first wait before a head is looked for again that was not there; each further one doubles.
const FIRST_WAIT_SECONDS: i64 = 30;
/// No wait is longer than 2^10 times that: some hours.
const LONGEST_WAIT: u32 = 10;

/// What is read: a head, and the branch that it left.
type Key = (PrNumber, CommitSha, BranchName);

pub(crate) struct Read {
    engine: Arc<Engine>,
    bell: Bell,
    /// What was not there: how often it was looked for, and when it is again. GitHub's copies of a
    /// commit lag behind, and why one that is gone cannot be picked is told elsewhere.
    absent: BTreeMap<Key, (u32, Timestamp)>,
}

impl Work for Read {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        loop {
            let known = self.engine.known().await?;
            let mut unread: Vec<_> = known.values().filter(|it| it.details.is_none()).collect();
            unread.sort_by_key(|it| std::cmp::Reverse(it.updated_at));
            let keys: BTreeMap<_, _> = unread.iter().map(|it| (key(it), describe(it))).collect();
            self.absent.retain(|key, _| keys.contains_key(key));
            lane.keep_wanted(|step| step == "looking" || keys.values().any(|it| it == step));
            unread.retain(|it| self.is_due(it));
            let mut done = 0;
            for candidate in unread {
                done += usize::from(self.try_one(lane, candidate).await == Tried::Done);
                if done == AT_ONCE {
                    break;
                }
            }
            if done == 0 {
                return Ok(self.absent.values().map(|(_, at)| *at).min());
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
            absent: BTreeMap::new(),
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
            self.wait(candidate);
        }
        tried
    }

    fn is_due(&self, candidate: &Candidate) -> bool {
        let absent = self.absent.get(&key(candidate));
        absent.is_none_or(|(_, at)| *at <= now())
    }

    fn wait(&mut self, candidate: &Candidate) {
        let (tries, at) = self.absent.entry(key(candidate)).or_insert((0, now()));
        *at = now().plus_seconds(FIRST_WAIT_SECONDS << *tries);
        *tries = (*tries + 1).min(LONGEST_WAIT);
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
