//! Lanes as tasks: each looks at every ring, interval and due time, and is started again if it
//! breaks down.

use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use picket_domain::{LaneKey, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::lane::{Lane, SharedBoard};

/// The step that fails where a lane's look does.
pub(crate) const LOOKING: &str = "looking";
/// How long a lane rests after it broke down.
const AFTER_A_BREAKDOWN: Duration = Duration::from_secs(1);

/// Rings every lane: a counter, so that a ring while a lane is busy is not lost.
#[derive(Debug, Clone)]
pub(crate) struct Bell(Arc<watch::Sender<u64>>);

impl Bell {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    pub(crate) fn ring(&self) {
        self.0.send_modify(|rings| *rings += 1);
    }
}

/// A lane's clock.
#[derive(Debug, Clone)]
pub(crate) struct Rhythm {
    pub(crate) bell: Bell,
    /// The longest rest between two looks.
    pub(crate) interval: Duration,
    pub(crate) stop: CancellationToken,
}

/// What a lane does.
pub(crate) trait Work: Send + 'static {
    /// Looks, and does all that can be done now. Returns when time alone makes another look worth
    /// while.
    fn pass(
        &mut self,
        lane: &Lane,
    ) -> impl Future<Output = anyhow::Result<Option<Timestamp>>> + Send;

    /// Ends what was begun and still runs.
    fn end(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Keeps a lane working until told to stop. `longest_step` is how long one of its steps may take
/// before the lane counts as stuck.
pub(crate) async fn supervise<W: Work>(
    key: LaneKey,
    board: SharedBoard,
    rhythm: Rhythm,
    longest_step: Duration,
    make: impl Fn() -> W,
) {
    let seconds = |it: Duration| i64::try_from(it.as_secs()).unwrap_or(i64::MAX);
    let stale_after = seconds(rhythm.interval).saturating_mul(3).max(60);
    let limits = (stale_after, seconds(longest_step));
    with(&board, |board| {
        board.begin(key.clone(), Timestamp::now(), limits);
    });
    loop {
        let lane = Lane::new(key.clone(), Arc::clone(&board));
        let task = tokio::spawn(work(make(), lane, rhythm.clone()));
        let Err(broken) = task.await else { return };
        error!(
            "lane {} broke down and is started again: {broken}",
            key.0.name()
        );
        with(&board, |board| board.restarted(&key, Timestamp::now()));
        let pause = tokio::time::sleep(AFTER_A_BREAKDOWN);
        if rhythm.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn with(board: &SharedBoard, change: impl FnOnce(&mut picket_domain::Board)) {
    change(&mut board.lock().unwrap_or_else(PoisonError::into_inner));
}

async fn work<W: Work>(mut work: W, lane: Lane, rhythm: Rhythm) {
    let mut rings = rhythm.bell.0.subscribe();
    loop {
        // Marked as heard before looking, so that a ring during the look is not lost.
        rings.mark_unchanged();
        let began = Instant::now();
        let wake_at = match rhythm.stop.run_until_cancelled(work.pass(&lane)).await {
            None => break,
            Some(Ok(wake_at)) => {
                lane.mended(LOOKING);
                wake_at
            }
            Some(Err(error)) => {
                lane.failed(LOOKING, &error, None);
                None
            }
        };
        lane.looked(began.elapsed());
        let rest = rest(&rhythm, [wake_at, lane.next_try()]);
        let heard = tokio::time::timeout(rest, rings.changed());
        match rhythm.stop.run_until_cancelled(heard).await {
            None => break,
            // The bell is held by the rhythm, so that it cannot be gone.
            Some(Ok(Err(_))) => warn!("the bell is gone"),
            Some(Ok(Ok(())) | Err(_)) => {}
        }
    }
    work.end().await;
}

fn rest(rhythm: &Rhythm, due: [Option<Timestamp>; 2]) -> Duration {
    let now = Timestamp::now();
    let until = due.into_iter().flatten().min();
    let until = until.map(|at| at.seconds_since(now).max(1).unsigned_abs());
    until.map_or(rhythm.interval, |seconds| {
        Duration::from_secs(seconds).min(rhythm.interval)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use picket_domain::Lane as Name;

    use super::*;

    /// Panics at its first look, and stops everything at its second.
    struct Fragile {
        looks: Arc<AtomicU32>,
        stop: CancellationToken,
    }

    impl Work for Fragile {
        async fn pass(&mut self, _: &Lane) -> anyhow::Result<Option<Timestamp>> {
            if self.looks.fetch_add(1, Ordering::SeqCst) == 0 {
                panic!("a fault");
            }
            self.stop.cancel();
            Ok(None)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_that_breaks_down_is_counted_and_started_again() {
        let (board, looks) = (SharedBoard::default(), Arc::new(AtomicU32::new(0)));
        let key = (Name::Observe, None);
        let stop = CancellationToken::new();
        let rhythm = Rhythm {
            bell: Bell::new(),
            interval: Duration::from_secs(60),
            stop: stop.clone(),
        };
        let make = || Fragile {
            looks: Arc::clone(&looks),
            stop: stop.clone(),
        };
        supervise(
            key.clone(),
            Arc::clone(&board),
            rhythm,
            Duration::from_secs(60),
            make,
        )
        .await;
        assert_eq!(looks.load(Ordering::SeqCst), 2);
        let board = board.lock().unwrap();
        let restarts: Vec<_> = board.lanes().map(|(_, health)| health.restarts).collect();
        assert_eq!(restarts, [1]);
    }
}
