//! Looking at one item after the other, and what is found.

use tokio::task::spawn_blocking;

use super::seat::{NoAnswer, Seat};
use super::under_way::{Halt, UnderWay};
use crate::description::{Described, Found};
use crate::jobs::{Extras, JobError};
use crate::queue::Item;
use crate::walk::Question;

/// How many names are asked for at a time.
const NAMES_AT_ONCE: u32 = 2000;

/// Where items are looked at, one at a time.
pub(super) struct Desk<'a, 'b> {
    work: &'b UnderWay<'a>,
    seat: Seat<'a, 'b>,
}

impl<'a, 'b> Desk<'a, 'b> {
    pub(super) fn new(work: &'b UnderWay<'a>, seat: usize, seats: usize) -> Self {
        let seat = Seat::new(work, seat, seats);
        Self { work, seat }
    }

    /// Looks at one item.
    pub(super) async fn look(&mut self, item: Item) -> Result<(), Halt> {
        self.work.tell(&item);
        let question = if item.is_root() {
            Question::Root
        } else {
            Question::Look
        };
        let found: Vec<Found> = match self.seat.answer(question, &item).await? {
            Ok(found) => found,
            Err(none) => return self.unanswered(item, none),
        };
        // An attribute that is not there has nothing.
        let found = found.into_iter().next().unwrap_or_default();
        if let Some(described) = found.job {
            self.job(item, described).await
        } else if let Some(names) = found.set {
            self.set(item, names).await
        } else if found.deep {
            let most = self.work.limits.depth;
            self.broken(&item, JobError::TooDeep { most })
        } else {
            self.work.queue().passed();
            Ok(())
        }
    }

    async fn job(&mut self, item: Item, described: Described) -> Result<(), Halt> {
        let store_dir = self.work.store_dir.to_owned();
        let time = self.seat.time().to_owned();
        let checked = spawn_blocking(move || described.check(&store_dir, &time)).await;
        let mut job = checked.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        if let Ok(job) = &mut job
            && self.work.extras
        {
            job.says.extras = self.extras(&item).await?;
        }
        self.work.settle(&item, job);
        Ok(())
    }

    async fn extras(&mut self, item: &Item) -> Result<Extras, Halt> {
        let answer: Result<Vec<Extras>, _> = self.seat.answer(Question::Extras, item).await?;
        Ok(answer
            .ok()
            .and_then(|all| all.into_iter().next())
            .unwrap_or_default())
    }

    async fn set(&mut self, item: Item, names: u32) -> Result<(), Halt> {
        let announced = self.work.queue().announce(&item, names);
        match announced {
            Ok(true) => {}
            Ok(false) => {
                self.work.queue().passed();
                return Ok(());
            }
            Err(all) => {
                let most = self.work.limits.jobs;
                let error = format!("the job set has {all} names; {most} are allowed");
                return Err(UnderWay::failed(error));
            }
        }
        // The last ones first, so that the first ones are the next to be looked at.
        let mut until = names;
        while until > 0 {
            let from = until.saturating_sub(NAMES_AT_ONCE);
            let question = Question::Names {
                from,
                count: until - from,
            };
            let listed: Vec<Vec<String>> = match self.seat.answer(question, &item).await? {
                Ok(listed) => listed,
                Err(none) => return self.unanswered(item, none),
            };
            let listed = listed.into_iter().flatten().collect();
            self.work.queue().discover(&item, from, listed);
            until = from;
        }
        self.work.queue().passed();
        Ok(())
    }

    /// An item that cannot be looked at; where it is the whole job set, that cannot be evaluated.
    fn broken(&self, item: &Item, error: JobError) -> Result<(), Halt> {
        if !item.path.is_empty() {
            self.work.settle(item, Err(error));
            return Ok(());
        }
        Err(match error {
            JobError::Stopped { cause, message } => self.work.unfinished(cause, message),
            error => UnderWay::failed(error.to_string()),
        })
    }

    fn unanswered(&self, mut item: Item, none: NoAnswer) -> Result<(), Halt> {
        match none {
            NoAnswer::Ever(error) => return self.broken(&item, error),
            NoAnswer::Yet => {
                item.tries += 1;
                self.work.queue().put_back(vec![item]);
            }
            NoAnswer::BesideOthers => self.work.queue().keep_for_last(item),
        }
        Ok(())
    }
}
