//! How the parts of the service are: what pages, `/healthz` and metrics tell of them.
//!
//! Each part writes down when it last gave a sign of life, what it is at, and what fails. Whether
//! that adds up to a service in good health is worked out from it at every look.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::ChannelName;
use crate::plan::Hold;
use crate::time::Timestamp;
use crate::trouble::{Lane, Trouble};

/// A lane, of one channel where it is of one.
pub type LaneKey = (Lane, Option<ChannelName>);

/// How one lane is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneHealth {
    /// When it last finished a look or a step, or began.
    pub last_sign: Timestamp,
    /// The step that it is at, and since when.
    pub at_work: Option<(String, Timestamp)>,
    /// How often it broke down and was started again.
    pub restarts: u32,
    /// Without a sign for this many seconds, and without a step, it counts as stuck.
    pub stale_after_seconds: i64,
    /// A step that takes longer than this many seconds counts as stuck.
    pub longest_step_seconds: i64,
    /// How long its last look took, steps included.
    pub last_look: Duration,
}

impl LaneHealth {
    /// Whether the lane counts as alive.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        match &self.at_work {
            Some((_, since)) => now.seconds_since(*since) <= self.longest_step_seconds,
            None => now.seconds_since(self.last_sign) <= self.stale_after_seconds,
        }
    }
}

/// What was asked of GitHub since the start, and what it still allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GitHubTraffic {
    /// Requests that were made.
    pub requests: u64,
    /// Those that were answered with "not changed".
    pub unchanged: u64,
    /// Those that were refused, failed or were not answered.
    pub failures: u64,
    /// Pull requests of interest that were not read yet.
    pub unread: usize,
    /// Requests that GitHub allows an hour; `None` where it has not said.
    pub limit: Option<u64>,
    /// Those of them that are left.
    pub remaining: Option<u64>,
    /// When all of them are there again.
    pub resets_at: Option<Timestamp>,
}

/// What was asked of GitHub about reviews and CI since the start: it has a limit of its own for that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewTraffic {
    /// Whether there is a token: without one GitHub answers nothing of it, and is not asked.
    pub has_token: bool,
    /// Requests that were made.
    pub requests: u64,
    /// Those that were refused, failed or were not answered.
    pub failures: u64,
    /// Candidates of which it is to be read, or to be read again by now.
    pub unread: usize,
    /// Points that GitHub allows an hour; `None` where it has not said.
    pub limit: Option<u64>,
    /// Those of them that are left.
    pub remaining: Option<u64>,
}

/// What was written on pull requests, where that is switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommentTraffic {
    /// Requests that were made for it since the start.
    pub requests: u64,
    /// Those that were refused, failed or were not answered.
    pub failures: u64,
    /// Pull requests that have a comment.
    pub written: usize,
    /// Those on which nothing more is written: somebody deleted the comment, the conversation is
    /// locked, or GitHub refuses it.
    pub ended: usize,
    /// Those on which something is still to be written.
    pub waiting: usize,
}

/// How a mirror of the public folder is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MirrorStanding {
    /// When it was last found to be up to date, or brought up to date; `None` where it was not since
    /// the start.
    pub current_at: Option<Timestamp>,
    /// Runs that failed since the start.
    pub failures: u64,
    /// Bytes that were written since the start.
    pub written_bytes: u64,
    /// Files that it has.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How all parts of the service are.
#[derive(Debug, Clone, Default)]
pub struct Board {
    github: GitHubTraffic,
    reviews: Option<ReviewTraffic>,
    comments: Option<CommentTraffic>,
    mirrors: BTreeMap<String, MirrorStanding>,
    lanes: BTreeMap<LaneKey, LaneHealth>,
    troubles: BTreeMap<(LaneKey, String), Trouble>,
    holds: BTreeMap<ChannelName, Vec<Hold>>,
    checked: BTreeMap<LaneKey, Timestamp>,
}

impl Board {
    /// A step that has failed for longer than this is no passing trouble.
    pub const LONG_SECONDS: i64 = 300;

    /// Puts a lane on the board.
    pub fn begin(&mut self, lane: LaneKey, at: Timestamp, limits: (i64, i64)) {
        let (stale_after_seconds, longest_step_seconds) = limits;
        let health = LaneHealth {
            last_sign: at,
            at_work: None,
            restarts: 0,
            stale_after_seconds,
            longest_step_seconds,
            last_look: Duration::ZERO,
        };
        self.lanes.entry(lane).or_insert(health);
    }

    /// A lane finished a look or a step.
    pub fn sign_of_life(&mut self, lane: &LaneKey, at: Timestamp) {
        if let Some(health) = self.lanes.get_mut(lane) {
            health.last_sign = at;
            health.at_work = None;
        }
    }

    /// A lane finished a look that took so long.
    pub fn looked(&mut self, lane: &LaneKey, took: Duration) {
        if let Some(health) = self.lanes.get_mut(lane) {
            health.last_look = took;
        }
    }

    /// A lane begins a step.
    pub fn works_at(&mut self, lane: &LaneKey, step: &str, at: Timestamp) {
        if let Some(health) = self.lanes.get_mut(lane) {
            health.at_work = Some((step.to_owned(), at));
        }
    }

    /// A lane broke down, and is started again.
    pub fn restarted(&mut self, lane: &LaneKey, at: Timestamp) {
        if let Some(health) = self.lanes.get_mut(lane) {
            health.restarts += 1;
            health.last_sign = at;
            health.at_work = None;
        }
    }

    /// A step failed, again or for the first time; what it counts is the caller's.
    pub fn failed(&mut self, trouble: Trouble) {
        let lane = (trouble.lane, trouble.channel.clone());
        self.troubles.insert((lane, trouble.step.clone()), trouble);
    }

    /// A step went through, or is not wanted any more.
    pub fn mended(&mut self, lane: &LaneKey, step: &str) {
        self.troubles.remove(&(lane.clone(), step.to_owned()));
    }

    /// What was asked of GitHub so far.
    pub fn set_github(&mut self, traffic: GitHubTraffic) {
        self.github = traffic;
    }

    /// What was asked of GitHub so far.
    pub fn github(&self) -> GitHubTraffic {
        self.github
    }

    /// What was asked of GitHub about reviews and CI so far.
    pub fn set_reviews(&mut self, traffic: ReviewTraffic) {
        self.reviews = Some(traffic);
    }

    /// What was asked of GitHub about reviews and CI so far; `None` before the first look.
    pub fn reviews(&self) -> Option<ReviewTraffic> {
        self.reviews
    }

    /// What was written on pull requests so far.
    pub fn set_comments(&mut self, traffic: CommentTraffic) {
        self.comments = Some(traffic);
    }

    /// What was written on pull requests so far; `None` where nothing is.
    pub fn comments(&self) -> Option<CommentTraffic> {
        self.comments
    }

    /// Puts a mirror on the board, or changes what is known of it.
    pub fn set_mirror(&mut self, to: &str, change: impl FnOnce(&mut MirrorStanding)) {
        change(self.mirrors.entry(to.to_owned()).or_default());
    }

    /// The mirrors, each by where it is.
    pub fn mirrors(&self) -> impl Iterator<Item = (&str, &MirrorStanding)> {
        self.mirrors
            .iter()
            .map(|(to, standing)| (to.as_str(), standing))
    }

    /// What a lane looks at outside was found to be as it is known, or is known now: of one channel, or
    /// of all.
    pub fn set_checked(&mut self, lane: Lane, channel: Option<ChannelName>, at: Timestamp) {
        self.checked.insert((lane, channel), at);
    }

    /// When each of them last was.
    pub fn all_checked(&self) -> impl Iterator<Item = (&LaneKey, &Timestamp)> {
        self.checked.iter()
    }

    /// When that was last so; `None` where it was not since the start.
    pub fn checked(&self, lane: Lane, channel: Option<&ChannelName>) -> Option<Timestamp> {
        self.checked.get(&(lane, channel.cloned())).copied()
    }

    /// Why a channel does not move, as of its last look.
    pub fn set_holds(&mut self, channel: &ChannelName, holds: Vec<Hold>) {
        self.holds.insert(channel.clone(), holds);
    }

    /// The lanes.
    pub fn lanes(&self) -> impl Iterator<Item = (&LaneKey, &LaneHealth)> {
        self.lanes.iter()
    }

    /// The steps that fail, those that have failed longest first.
    pub fn troubles(&self) -> Vec<&Trouble> {
        let mut troubles: Vec<_> = self.troubles.values().collect();
        troubles.sort_by_key(|trouble| trouble.since);
        troubles
    }

    /// Why channels do not move.
    pub fn holds(&self) -> impl Iterator<Item = (&ChannelName, &Hold)> {
        let holds = self.holds.iter();
        holds.flat_map(|(channel, holds)| holds.iter().map(move |hold| (channel, hold)))
    }

    /// Whether every lane counts as alive, and there is one.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.lanes.is_empty() && self.lanes.values().all(|lane| lane.is_alive(now))
    }

    /// Seconds since the lane gave a sign that has been silent longest; `None` where there is none.
    pub fn age(&self, now: Timestamp) -> Option<i64> {
        let ages = self
            .lanes
            .values()
            .map(|lane| now.seconds_since(lane.last_sign));
        ages.max()
    }

    /// Whether all is well: every lane is alive, no channel is held, and nothing has failed for
    /// long.
    pub fn is_well(&self, now: Timestamp) -> bool {
        let is_long =
            |it: &Trouble| it.is_hold() || now.seconds_since(it.since) >= Self::LONG_SECONDS;
        self.is_alive(now) && self.holds().next().is_none() && !self.troubles.values().any(is_long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::channel;

    const START: Timestamp = Timestamp::from_unix(1_000);

    fn board() -> (Board, LaneKey) {
        let lane = (Lane::Release, Some(channel()));
        let mut board = Board::default();
        board.begin(lane.clone(), START, (60, 600));
        (board, lane)
    }

    fn trouble(since: Timestamp, next_try: Option<Timestamp>) -> Trouble {
        Trouble {
            lane: Lane::Release,
            channel: Some(channel()),
            step: "staging release 2".into(),
            since,
            last: since,
            failures: 1,
            error: "no".into(),
            remedy: None,
            next_try,
        }
    }

    #[test]
    fn a_service_without_lanes_is_not_alive() {
        assert!(!Board::default().is_alive(START));
    }

    #[test]
    fn a_lane_is_alive_for_a_while_after_each_sign_and_longer_during_a_step() {
        let (mut board, lane) = board();
        assert!(board.is_alive(START.plus_seconds(60)));
        assert!(!board.is_alive(START.plus_seconds(61)));
        board.works_at(&lane, "staging release 2", START);
        assert!(board.is_alive(START.plus_seconds(600)));
        assert!(!board.is_alive(START.plus_seconds(601)));
        board.sign_of_life(&lane, START.plus_seconds(700));
        assert!(board.is_alive(START.plus_seconds(760)));
    }

    #[test]
    fn what_fails_for_long_or_waits_for_a_person_is_not_well() {
        let (mut board, lane) = board();
        board.failed(trouble(START, Some(START.plus_seconds(5))));
        assert!(board.is_well(START));
        assert!(!board.is_well(START.plus_seconds(Board::LONG_SECONDS)));
        board.mended(&lane, "staging release 2");
        assert!(board.is_well(START));
        board.failed(trouble(START, None));
        assert!(!board.is_well(START));
    }
}
