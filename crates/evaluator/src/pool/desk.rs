//! Looking at one item after the other, and what is found.

use tokio::task::spawn_blocking;

use super::seat::{NoAnswer, Seat};
use super::under_way::{Halt, UnderWay};
use crate::description::{Described, Found};
use crate::jobs::{Extras, JobError};
use crate::queue::Item;
use crate::traces::{Held, Node, Noted, is_lasting};
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

    /// The only desk, where each job has a worker of its own.
    pub(super) fn apart(work: &'b UnderWay<'a>) -> Self {
        let seat = Seat::apart(work);
        Self { work, seat }
    }

    /// Looks at one item.
    pub(super) async fn look(&mut self, item: Item) -> Result<(), Halt> {
        let node = Node::of(&item);
        if let Some(held) = self.work.earlier.get(&node) {
            self.work.notes().take_over(node);
            return self.take_over(&item, held);
        }
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
            self.note(&item, Noted::Nothing);
            self.work.queue().passed();
            Ok(())
        }
    }

    /// An item that is what it was found to be earlier.
    fn take_over(&self, item: &Item, held: &Held) -> Result<(), Halt> {
        match held {
            Held::Job(job) => self.work.settle(item, job.as_ref().clone()),
            Held::Nothing => self.work.queue().passed(),
            Held::Set(names) => {
                let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
                if self.announce(item, count)? {
                    self.work.queue().discover(item, 0, names.clone());
                }
                self.work.queue().passed();
            }
        }
        Ok(())
    }

    fn note(&self, item: &Item, found: Noted) {
        if let Some(moment) = self.seat.moment() {
            self.work.notes().note(Node::of(item), found, moment);
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
        if is_lasting(&job) {
            self.note(&item, Noted::Job);
        }
        self.seat.settled();
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
        if !self.announce(&item, names)? {
            self.work.queue().passed();
            return Ok(());
        }
        let mut all = Vec::new();
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
            let listed: Vec<_> = listed.into_iter().flatten().collect();
            all.splice(0..0, listed.iter().cloned());
            self.work.queue().discover(&item, from, listed);
            until = from;
        }
        self.note(&item, Noted::Set(all));
        self.work.queue().passed();
        Ok(())
    }

    /// Whether a set with so many names can be looked into.
    fn announce(&self, item: &Item, names: u32) -> Result<bool, Halt> {
        let announced = self.work.queue().announce(item, names);
        announced.map_err(|all| {
            let most = self.work.limits.jobs;
            UnderWay::failed(format!("the job set has {all} names; {most} are allowed"))
        })
    }

    /// An item that cannot be looked at; where it is the whole job set, that cannot be evaluated.
    fn broken(&mut self, item: &Item, error: JobError) -> Result<(), Halt> {
        if !item.path.is_empty() {
            let job = Err(error);
            if is_lasting(&job) {
                self.note(item, Noted::Job);
            }
            self.seat.settled();
            self.work.settle(item, job);
            return Ok(());
        }
        Err(match error {
            JobError::Stopped { cause, message } => self.work.unfinished(cause, message),
            error => UnderWay::failed(error.to_string()),
        })
    }

    fn unanswered(&mut self, mut item: Item, none: NoAnswer) -> Result<(), Halt> {
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
