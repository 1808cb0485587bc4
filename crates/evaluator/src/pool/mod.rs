//! The workers of one evaluation, and what they find.
//!
//! Each worker takes a share of the names that are waiting and asks about one after the other. A
//! worker that ends takes nothing with it but the name that it was at. Further workers start as
//! long as there is work for them, a second after each other, so that small job sets have one.

mod desk;
mod guard;
mod seat;
mod under_way;

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use self::desk::Desk;
use self::under_way::{Halt, OnJob, UnderWay};
use crate::error::EvaluateError;
use crate::jobs::{Evaluated, Evaluation};
use crate::limits::Limits;
use crate::queue::Item;
use crate::traces::{Earlier, Notes};
use crate::walk::Crew;

/// How long after one worker the next one starts.
const STAGGER: Duration = Duration::from_secs(1);

/// The workers of one evaluation.
pub(crate) struct Pool<'a> {
    work: UnderWay<'a>,
}

impl<'a> Pool<'a> {
    pub(crate) fn new(
        crew: &'a Crew,
        limits: &'a Limits,
        store_dir: &'a str,
        extras: bool,
        earlier: &'a Earlier,
        on_job: OnJob<'a>,
    ) -> Self {
        let work = UnderWay::new(crew, limits, store_dir, extras, earlier, on_job);
        Self { work }
    }

    /// Evaluates everything; hands back what was noted, too.
    pub(crate) async fn run(self) -> Result<(Evaluation, Notes), EvaluateError> {
        let ended = async {
            let seats = self.work.limits.seats();
            try_join_all((0..seats).map(|seat| self.seat(seat, seats))).await?;
            // Each of these needs all of the memory.
            if self.work.queue().take_up_last() {
                self.work_at(Desk::apart(&self.work), 1).await?;
            }
            Ok(())
        };
        match ended.await {
            Ok(()) => {}
            Err(Halt::Evaluation(evaluation)) => return Ok((evaluation, Notes::default())),
            Err(Halt::Error(error)) => return Err(error),
        }
        let cost = self.work.cost();
        let queue = self.work.queue.into_inner().expect("nobody panicked");
        let notes = self.work.notes.into_inner().expect("nobody panicked");
        let evaluated = Evaluated {
            jobs: queue.into_jobs(),
            cost,
            taken_over: notes.taken_over(),
        };
        Ok((Evaluation::Jobs(evaluated), notes))
    }

    /// The work of one seat, until there is no more.
    async fn seat(&self, seat: usize, seats: usize) -> Result<(), Halt> {
        if seat > 0 && !self.is_needed(seat).await {
            return Ok(());
        }
        self.work_at(Desk::new(&self.work, seat, seats), seats)
            .await
    }

    async fn work_at(&self, mut desk: Desk<'_, '_>, seats: usize) -> Result<(), Halt> {
        while let Some(share) = self.next(seats).await {
            let mut share = share.into_iter();
            while let Some(item) = share.next() {
                let looked = desk.look(item).await;
                self.work.changed.notify_waiters();
                if let Err(halt) = looked {
                    self.work.queue().put_back(share.collect());
                    return Err(halt);
                }
            }
        }
        Ok(())
    }

    /// Waits whether there is enough work for one more worker.
    async fn is_needed(&self, seat: usize) -> bool {
        let wait = STAGGER * u32::try_from(seat).unwrap_or(u32::MAX);
        let until = Instant::now() + wait;
        loop {
            let changed = self.work.changed.notified();
            {
                let queue = self.work.queue();
                if queue.is_empty() && queue.busy == 0 {
                    return false;
                }
            }
            tokio::select! {
                () = changed => {}
                () = sleep(until.saturating_duration_since(Instant::now())) => return true,
            }
        }
    }

    /// The next share; `None`: nothing is waiting, and nothing more can come.
    async fn next(&self, seats: usize) -> Option<Vec<Item>> {
        loop {
            let changed = self.work.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut queue = self.work.queue();
                let share = queue.take(seats);
                if !share.is_empty() {
                    return Some(share);
                }
                if queue.busy == 0 {
                    return None;
                }
            }
            changed.await;
        }
    }
}
