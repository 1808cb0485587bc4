//! Asking questions, by a worker that is replaced where that is needed.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use picket_domain::EvaluationLimit;
use picket_nix::NixError;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::guard::Guard;
use super::under_way::{Halt, UnderWay};
use crate::error::EvaluateError;
use crate::jobs::JobError;
use crate::nix_error::{evaluation_error, is_machines_fault};
use crate::queue::Item;
use crate::traces::Moment;
use crate::verdict::{Verdict, judge};
use crate::walk::Question;
use crate::worker::{Answer, Ended, Worker};

/// A worker that is younger is not replaced for the memory that it has.
const YOUNG: Duration = Duration::from_secs(5);

/// How many things a worker's first job may look at, and how many more each that follows: of one
/// that looked at more, those that follow would be taken for having looked at all of that, too. A
/// NixOS test looks at some 30,000, most of which all of them need; a tarball, at every file.
const LOOKS_FIRST: usize = 60_000;
const LOOKS_MORE: usize = 10_000;

/// How often an item is tried whose worker was ended from outside.
const TRIES: u32 = 2;

/// One seat: a worker, and how it is watched.
pub(super) struct Seat<'a, 'b> {
    work: &'b UnderWay<'a>,
    seat: usize,
    seats: usize,
    /// Whether each job has a worker of its own.
    apart: bool,
    worker: Option<Seated>,
    /// Whether the worker that ended last had done nothing else before.
    was_fresh: bool,
}

struct Seated {
    worker: Worker,
    /// Whether no job is settled yet that it evaluated.
    is_fresh: bool,
    /// How much it had looked at when its last job was settled.
    looked: Option<usize>,
    /// Its number in the notes.
    number: u32,
    since: Instant,
}

/// What asking came to, with the worker that is left.
enum Asked {
    Answered(Answer),
    Ended(Ended),
}

/// Why a question about an item has no answer.
pub(super) enum NoAnswer {
    /// The item's own fault.
    Ever(JobError),
    /// Nobody's fault: it is worth another try.
    Yet,
    /// There was not enough memory beside other workers.
    BesideOthers,
}

impl<'a, 'b> Seat<'a, 'b> {
    pub(super) fn new(work: &'b UnderWay<'a>, seat: usize, seats: usize) -> Self {
        Self {
            work,
            seat,
            seats,
            apart: false,
            worker: None,
            was_fresh: true,
        }
    }

    /// The only seat, where each job has a worker of its own, and so all of the memory.
    pub(super) fn apart(work: &'b UnderWay<'a>) -> Self {
        let mut seat = Self::new(work, 0, 1);
        seat.apart = true;
        seat
    }

    /// What `builtins.currentTime` is to the worker, in seconds since 1970.
    pub(super) fn time(&self) -> &str {
        let seated = self.worker.as_ref();
        seated.map_or("", |seated| seated.worker.time())
    }

    /// How much the worker has looked at; `None`: nobody can tell.
    pub(super) fn moment(&self) -> Option<Moment> {
        let seated = self.worker.as_ref()?;
        let looks = seated.worker.look_count()?;
        Some(Moment {
            worker: seated.number,
            looks: u32::try_from(looks).ok()?,
        })
    }

    /// What a question's answer says; or why there is none.
    pub(super) async fn answer<T: DeserializeOwned>(
        &mut self,
        question: Question,
        item: &Item,
    ) -> Result<Result<T, NoAnswer>, Halt> {
        let seconds = self.work.limits.job_seconds;
        let until = Instant::now() + Duration::from_secs(seconds);
        let until = until.min(self.work.deadline);
        let tree = &self.work.crew.tree;
        match self.ask(&question.about(&item.numbers), until).await? {
            Asked::Answered(Answer::Said(json)) => Ok(serde_json::from_str(&json).map_err(|_| {
                let message = "its description cannot be read".to_owned();
                NoAnswer::Ever(JobError::Fails { message })
            })),
            Asked::Answered(Answer::Failed(said)) => {
                let message = evaluation_error(&said, tree);
                if is_machines_fault(&message) {
                    self.believe_no_word(&message).await?;
                }
                Ok(Err(NoAnswer::Ever(JobError::Fails { message })))
            }
            Asked::Ended(Ended::TooLong) if Instant::now() >= self.work.deadline => {
                let seconds = self.work.limits.seconds;
                let detail = format!("the evaluation took longer than {seconds} s and was stopped");
                Err(self.work.unfinished(EvaluationLimit::Time, detail))
            }
            Asked::Ended(ended) => {
                let verdict = judge(ended, seconds, tree, self.work.limits);
                let name = crate::job_set::job_name(&item.path);
                tracing::debug!(?verdict, "a worker ended at {name}");
                self.count_loss()?;
                self.sentence(verdict, item).await
            }
        }
    }

    async fn sentence<T>(
        &mut self,
        verdict: Verdict,
        item: &Item,
    ) -> Result<Result<T, NoAnswer>, Halt> {
        Ok(Err(match verdict {
            // Other workers' memory is not this one's, and neither is what others left in its worker.
            Verdict::Crowded(_) if self.seats > 1 || !self.was_fresh => NoAnswer::BesideOthers,
            Verdict::Nobody(_) if item.tries + 1 < TRIES => NoAnswer::Yet,
            Verdict::Job(error) | Verdict::Crowded(error) | Verdict::Nobody(error) => {
                NoAnswer::Ever(error)
            }
            Verdict::Machine(message) => {
                self.believe_no_word(&message).await?;
                NoAnswer::Ever(JobError::Fails { message })
            }
        }))
    }

    /// An expression can say that the disk is full. Whether something is wrong with the store, the
    /// store is asked for.
    async fn believe_no_word(&mut self, message: &str) -> Result<(), Halt> {
        const PROBE: &str = "builtins.toFile \"picket-probe\" \"\"";
        let until = Instant::now() + Duration::from_secs(60);
        match self.ask(PROBE, until).await? {
            Asked::Answered(Answer::Said(_)) => Ok(()),
            Asked::Answered(Answer::Failed(_)) | Asked::Ended(_) => {
                let message = message.to_owned();
                Err(EvaluateError::from(NixError::Store { message }).into())
            }
        }
    }

    fn count_loss(&self) -> Result<(), Halt> {
        let lost = self.work.losses.fetch_add(1, Ordering::Relaxed);
        if lost < u64::from(self.work.limits.losses) {
            return Ok(());
        }
        let most = self.work.limits.losses;
        Err(UnderWay::failed(format!(
            "too many of its jobs end the evaluation (by overflowing the stack, taking too long, \
             ..): it was begun again {most} times"
        )))
    }

    async fn ask(&mut self, expression: &str, until: Instant) -> Result<Asked, Halt> {
        self.replace_large();
        if self.worker.is_none() {
            match self.start().await {
                Ok(Ok(worker)) => {
                    self.worker = Some(Seated {
                        worker,
                        is_fresh: true,
                        looked: None,
                        number: self.work.notes().worker(),
                        since: Instant::now(),
                    });
                }
                Ok(Err(ended)) => return Err(not_started(&ended).into()),
                Err(error) => return Err(cannot_start(error).into()),
            }
        }
        let seated = self.worker.as_mut().expect("one was started");
        let guard = Guard::of(self.work, self.seat, &seated.worker);
        let asked = seated.worker.ask(expression, until, &guard).await;
        let ended = match asked.map_err(EvaluateError::file(Path::new("nix repl")))? {
            Ok(answer) => return Ok(Asked::Answered(answer)),
            Err(ended) => ended,
        };
        self.was_fresh = seated.is_fresh;
        let written = guard.last_written();
        self.work.written.fetch_add(written, Ordering::Relaxed);
        self.leave();
        Ok(Asked::Ended(ended))
    }

    async fn start(&self) -> io::Result<Result<Worker, Ended>> {
        self.work.crew.worker().await
    }

    /// Ends a worker whose memory has grown over its share, between two questions.
    fn replace_large(&mut self) {
        let Some(seated) = &self.worker else { return };
        let Some(memory) = self.work.limits.memory() else {
            return;
        };
        let share = memory / self.seats as u64 / 4 * 3;
        let has = seated.worker.memory();
        if has > share && seated.since.elapsed() > YOUNG {
            self.replace();
        }
    }

    /// A job is settled. Ends the worker where it looked at so much that it says nothing of the next.
    pub(super) fn settled(&mut self) {
        let Some(seated) = &mut self.worker else {
            return;
        };
        seated.is_fresh = false;
        if self.apart {
            return self.replace();
        }
        let Some(looks) = seated.worker.look_count() else {
            return;
        };
        let most = seated
            .looked
            .map_or(LOOKS_FIRST, |before| before + LOOKS_MORE);
        seated.looked = Some(looks);
        if looks > most {
            self.replace();
        }
    }

    /// Ends the worker; the next question starts another one.
    fn replace(&mut self) {
        if let Some(seated) = &self.worker {
            let written = seated.worker.written();
            self.work.written.fetch_add(written, Ordering::Relaxed);
        }
        self.leave();
    }

    /// Ends the worker.
    fn leave(&mut self) {
        if let Some(seated) = self.worker.take() {
            let looks = seated.worker.take_looks();
            self.work.notes().end(seated.number, looks);
            self.work
                .peak
                .fetch_max(seated.worker.peak(), Ordering::Relaxed);
        }
        self.work.memories().remove(&self.seat);
    }
}

impl Drop for Seat<'_, '_> {
    fn drop(&mut self) {
        self.leave();
    }
}

fn not_started(ended: &Ended) -> EvaluateError {
    let message = match ended {
        Ended::Exited(status, said) => {
            let said = picket_nix::text::clean(said);
            format!("{} ({status})", picket_nix::text::tail(said.trim(), 2000))
        }
        _ => "it did not answer in time".to_owned(),
    };
    let program = "nix repl".to_owned();
    NixError::Failed { program, message }.into()
}

fn cannot_start(error: io::Error) -> EvaluateError {
    let program = "nix repl".to_owned();
    NixError::Missing { program, error }.into()
}
