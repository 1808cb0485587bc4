//! One lane's steps: when each is due, and what the board is told of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use picket_domain::{
    Board, ChannelName, CommentTraffic, GitHubTraffic, Hold, LaneKey, MirrorStanding,
    ReviewTraffic, Timestamp, Trouble,
};
use tracing::{debug, warn};

use crate::remedy::remedy;

/// The first wait before a failed step is tried again; each further one doubles.
const FIRST_WAIT_SECONDS: i64 = 1;
/// No step waits longer than this before it is tried again.
const LONGEST_WAIT_SECONDS: i64 = 300;
/// A step that goes through so often in a row, and is planned again each time at once, comes to
/// nothing.
const REPEATS: u32 = 5;
const AT_ONCE: Duration = Duration::from_secs(2);

/// The board, as all lanes share it.
pub(crate) type SharedBoard = Arc<Mutex<Board>>;

/// A lane that works.
#[derive(Debug, Clone)]
pub(crate) struct Lane {
    pub(crate) key: LaneKey,
    board: SharedBoard,
    steps: Arc<Mutex<Steps>>,
}

#[derive(Debug, Default)]
struct Steps {
    failed: BTreeMap<String, Failed>,
    /// What is on the board although no step of the lane failed.
    complaints: BTreeMap<String, String>,
    /// The step that went through last, when, and how often in a row.
    last: Option<(String, Instant, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    since: Timestamp,
    failures: u32,
    next_try: Timestamp,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It went through.
    Done,
    /// It failed, now or before, and is to be tried again later.
    Later,
}

impl Lane {
    pub(crate) fn new(key: LaneKey, board: SharedBoard) -> Self {
        Self {
            key,
            board,
            steps: Arc::default(),
        }
    }

    /// Whether a step may be tried now.
    pub(crate) fn is_due(&self, step: &str) -> bool {
        let failed = self.steps().failed.get(step).copied();
        failed.is_none_or(|failed| failed.next_try <= Timestamp::now())
    }

    /// When the next failed step is due.
    pub(crate) fn next_try(&self) -> Option<Timestamp> {
        self.steps().failed.values().map(|it| it.next_try).min()
    }

    /// Tries a step that a plan asks for. Where it goes through and is asked for again at once, time
    /// after time, it comes to nothing: that is a failure too, and would be a busy loop.
    pub(crate) async fn attempt_planned(
        &self,
        step: &str,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> Tried {
        let counted = async {
            work.await?;
            self.has_come_to_something(step)
        };
        self.attempt(step, counted).await
    }

    /// Does work whose outcome is recorded elsewhere, as this step.
    pub(crate) async fn working<T>(&self, step: &str, work: impl Future<Output = T>) -> T {
        self.board().works_at(&self.key, step, Timestamp::now());
        let outcome = work.await;
        self.board().sign_of_life(&self.key, Timestamp::now());
        outcome
    }

    /// Tries a step, unless it failed and its next try is not due. A failure is on the board until
    /// the step goes through.
    pub(crate) async fn attempt(
        &self,
        step: &str,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> Tried {
        if !self.is_due(step) {
            return Tried::Later;
        }
        let outcome = self.working(step, work).await;
        self.record(step, outcome)
    }

    /// Writes down what came of a step.
    pub(crate) fn record(&self, step: &str, outcome: anyhow::Result<()>) -> Tried {
        match outcome {
            Ok(()) => {
                debug!(target: "picket::progress", "done with {step}");
                self.mended(step);
                Tried::Done
            }
            Err(error) => {
                self.failed(step, &error, None);
                Tried::Later
            }
        }
    }

    /// The step went through, or is not wanted any more.
    pub(crate) fn mended(&self, step: &str) {
        self.recovers(step);
    }

    /// [`Lane::mended`], and whether the step had failed before.
    pub(crate) fn recovers(&self, step: &str) -> bool {
        let had_failed = self.steps().failed.remove(step).is_some();
        if had_failed {
            self.board().mended(&self.key, step);
        }
        had_failed
    }

    /// The failed steps that are not among these are not wanted any more.
    pub(crate) fn keep_wanted(&self, is_wanted: impl Fn(&str) -> bool) {
        let steps = self.steps();
        let gone = steps.failed.keys().filter(|step| !is_wanted(step));
        let gone: Vec<_> = gone.cloned().collect();
        drop(steps);
        gone.iter().for_each(|step| self.mended(step));
    }

    /// The step failed. It is tried again at `at`, or else after twice the wait before.
    pub(crate) fn failed(&self, step: &str, error: &anyhow::Error, at: Option<Timestamp>) {
        let failed = self.fails(step, error, at);
        let channel = self.key.1.as_ref();
        warn!(
            channel = channel.map_or("", |channel| channel.as_str()),
            "{step} failed, to be tried again at {}: {error:#}", failed.next_try
        );
    }

    /// Like [`Lane::failed`], for what nothing waits for: the log tells only that it began to fail.
    pub(crate) fn failed_aside(&self, step: &str, error: &anyhow::Error, at: Option<Timestamp>) {
        if self.fails(step, error, at).failures == 1 {
            warn!("{step} failed, and is tried again: {error:#}");
        }
    }

    /// Tells the board how a mirror is.
    pub(crate) fn mirror(&self, to: &str, change: impl FnOnce(&mut MirrorStanding)) {
        self.board().set_mirror(to, change);
    }

    /// Counts a failure, and puts it on the board.
    fn fails(&self, step: &str, error: &anyhow::Error, at: Option<Timestamp>) -> Failed {
        let failed = self.steps().failed(step, Timestamp::now(), at);
        self.tell(step, error, &failed, Some(failed.next_try));
        failed
    }

    /// Sets what does not go through although no step of the lane failed, each by what it is, with
    /// the reason. What it was before is taken off the board.
    pub(crate) fn set_complaints(&self, complaints: BTreeMap<String, String>) {
        let before = self.steps().complaints.clone();
        for gone in before.keys().filter(|it| !complaints.contains_key(*it)) {
            self.board().mended(&self.key, gone);
        }
        let is_new = |(step, reason): &(&String, &String)| before.get(*step) != Some(*reason);
        for (step, reason) in complaints.iter().filter(is_new) {
            warn!("{step} failed: {reason}");
            let failed = Failed {
                since: Timestamp::now(),
                failures: 1,
                next_try: Timestamp::now(),
            };
            self.tell(step, &anyhow!("{reason}"), &failed, None);
        }
        self.steps().complaints = complaints;
    }

    fn tell(
        &self,
        step: &str,
        error: &anyhow::Error,
        failed: &Failed,
        next_try: Option<Timestamp>,
    ) {
        let (lane, channel) = self.key.clone();
        self.board().failed(Trouble {
            lane,
            channel,
            step: step.to_owned(),
            since: failed.since,
            last: Timestamp::now(),
            failures: failed.failures,
            error: bounded(&format!("{error:#}")),
            remedy: remedy(error),
            next_try,
        });
    }

    /// Tells the board what was asked of GitHub.
    pub(crate) fn traffic(&self, traffic: GitHubTraffic) {
        self.board().set_github(traffic);
    }

    /// Tells the board that what the lane looks at outside is known as of now.
    pub(crate) fn checked(&self, channel: Option<&ChannelName>) {
        let (lane, _) = self.key;
        self.board()
            .set_checked(lane, channel.cloned(), Timestamp::now());
    }

    /// Tells the board what was asked of GitHub about reviews and CI.
    pub(crate) fn reviews(&self, traffic: ReviewTraffic) {
        self.board().set_reviews(traffic);
    }

    /// Tells the board what was written on pull requests.
    pub(crate) fn comments(&self, traffic: CommentTraffic) {
        self.board().set_comments(traffic);
    }

    /// Tells the board why the channel does not move.
    pub(crate) fn set_holds(&self, holds: Vec<Hold>) {
        if let Some(channel) = &self.key.1 {
            self.board().set_holds(channel, holds);
        }
    }

    /// Tells the board that the lane lives, and how long its look took.
    pub(crate) fn looked(&self, took: Duration) {
        let mut board = self.board();
        board.sign_of_life(&self.key, Timestamp::now());
        board.looked(&self.key, took);
    }

    /// Guards against a plan that asks for the same step for ever, although it goes through.
    fn has_come_to_something(&self, step: &str) -> anyhow::Result<()> {
        let mut steps = self.steps();
        let repeats = match &steps.last {
            Some((last, at, repeats)) if last == step && at.elapsed() < AT_ONCE => repeats + 1,
            Some(_) | None => 1,
        };
        steps.last = Some((step.to_owned(), Instant::now(), repeats));
        anyhow::ensure!(
            repeats < REPEATS,
            "it went through {repeats} times and is still to be done: what it changes is not seen"
        );
        Ok(())
    }

    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Steps {
    fn failed(&mut self, step: &str, now: Timestamp, at: Option<Timestamp>) -> Failed {
        let before = self.failed.get(step);
        let failures = before.map_or(0, |failed| failed.failures) + 1;
        let wait = FIRST_WAIT_SECONDS << (failures - 1).min(16);
        let failed = Failed {
            since: before.map_or(now, |failed| failed.since),
            failures,
            next_try: at.unwrap_or_else(|| now.plus_seconds(wait.min(LONGEST_WAIT_SECONDS))),
        };
        self.failed.insert(step.to_owned(), failed);
        failed
    }
}

/// Errors can quote what others wrote, and that can be long.
fn bounded(text: &str) -> String {
    const LONGEST: usize = 2_000;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} ..", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::Lane as Name;

    use super::*;

    fn lane() -> (Lane, SharedBoard) {
        let board = SharedBoard::default();
        let key = (Name::Assess, None);
        board
            .lock()
            .unwrap()
            .begin(key.clone(), Timestamp::now(), (60, 60));
        (Lane::new(key, Arc::clone(&board)), board)
    }

    #[test]
    fn a_step_that_fails_waits_longer_each_time_and_is_on_the_board() {
        let (lane, board) = lane();
        let now = Timestamp::from_unix(1_000);
        let waits = (0..12).map(|_| {
            let failed = lane.steps().failed("step", now, None);
            failed.next_try.seconds_since(now)
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits[11], LONGEST_WAIT_SECONDS);
        lane.failed("step", &anyhow!("no"), None);
        let board = board.lock().unwrap();
        let trouble = board.troubles()[0];
        assert_eq!((trouble.failures, &*trouble.error), (13, "no"));
        assert_eq!(trouble.since, now);
    }

    #[tokio::test]
    async fn a_failed_step_holds_no_other_one_up() {
        let (lane, board) = lane();
        let fails = async || Err(anyhow!("no"));
        assert_eq!(lane.attempt("odd", fails()).await, Tried::Later);
        let unreachable = async { panic!("it is not due") };
        assert_eq!(lane.attempt("odd", unreachable).await, Tried::Later);
        assert_eq!(lane.attempt("good", async { Ok(()) }).await, Tried::Done);
        lane.mended("odd");
        assert!(board.lock().unwrap().troubles().is_empty());
        assert_eq!(lane.attempt("odd", async { Ok(()) }).await, Tried::Done);
    }

    #[tokio::test]
    async fn a_step_that_comes_to_nothing_is_a_trouble() {
        let (lane, board) = lane();
        let again = async || lane.attempt_planned("step", async { Ok(()) }).await;
        for _ in 1..REPEATS {
            assert_eq!(again().await, Tried::Done);
        }
        assert_eq!(again().await, Tried::Later);
        assert!(
            board.lock().unwrap().troubles()[0]
                .error
                .contains("is still to be done")
        );
    }

    #[test]
    fn a_complaint_is_on_the_board_as_long_as_it_is_made() {
        let (lane, board) = lane();
        let complaint = |reason: &str| [("reading #7".to_owned(), reason.to_owned())].into();
        lane.set_complaints(complaint("403"));
        lane.set_complaints(complaint("502"));
        let errors = || {
            board
                .lock()
                .unwrap()
                .troubles()
                .first()
                .map(|it| it.error.clone())
        };
        assert_eq!(errors().as_deref(), Some("502"));
        assert_eq!(lane.next_try(), None, "nothing is to be tried for it");
        lane.set_complaints(BTreeMap::new());
        assert_eq!(errors(), None);
    }

    #[test]
    fn an_error_is_bounded() {
        assert_eq!(bounded("ä").len(), 2);
        assert!(bounded(&"ä".repeat(10_000)).ends_with("ä .."));
    }
}
