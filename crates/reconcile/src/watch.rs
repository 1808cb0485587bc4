//! The lane that asks GitHub which pull requests there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use picket_domain::{GitHubTraffic, PassedBy, PrNumber, Timestamp, UpstreamState};
use picket_watcher::{Cursor, Hint, Known, Step, WatchError, hint};
use tracing::info;

use crate::advised::Advised;
use crate::engine::{Engine, PROGRESS, now};
use crate::lane::Lane;
use crate::supervise::{Bell, Work};

/// The name under which the database keeps the watcher's cursor.
const CURSOR: &str = "github";
const READING: &str = "reading pull requests";
/// Requests in one pass: after so many, the lane shows that it lives and goes on at once.
const REQUESTS: usize = 20;
/// How long a delivery that cannot be read is on the board.
const ODD_DELIVERIES_SECONDS: i64 = 24 * 60 * 60;

pub(crate) struct Watch {
    engine: Arc<Engine>,
    bell: Bell,
    /// When a look was last begun.
    last: Option<Timestamp>,
    /// Whether a look is under way.
    is_at_it: bool,
    /// Whether something is new that the look under way may have passed by.
    is_stale: bool,
    /// What a look was begun for.
    asked_for: BTreeSet<PrNumber>,
    advised: Advised,
}

impl Work for Watch {
    /// Looks at every interval, and at once if an advisory names a pull request as the fix, or, at a ring,
    /// if somebody nominated an unknown one or GitHub told of one. A look that was interrupted goes on
    /// where it was.
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let known = self.engine.watched().await?;
        let asked_for = self.numbers_to_read(&known).await?;
        let is_new = self.is_new(&known, &asked_for).await?;
        if !self.is_at_it && !self.is_due() && !is_new {
            return Ok(self.next());
        }
        self.is_stale |= is_new && self.is_at_it;
        if !lane.is_due(READING) {
            return Ok(None);
        }
        if !self.is_at_it {
            self.last = Some(now());
        }
        let is_first = !std::mem::replace(&mut self.is_at_it, true);
        let looked = lane.working(
            READING,
            self.engine
                .look_at_github(lane, known, &asked_for, is_first),
        );
        self.asked_for.clone_from(&asked_for);
        match looked.await {
            Ok(looked) => {
                lane.mended(READING);
                self.advised.add(&looked.passed_by);
                if looked.is_done {
                    lane.checked(None);
                }
                Ok(self.after(&looked))
            }
            Err(error) => {
                let until = match error.downcast_ref::<WatchError>() {
                    Some(WatchError::RateLimited { until }) => Some(*until),
                    _ => None,
                };
                lane.failed(READING, &error, until);
                self.advised.look_again();
                Ok(None)
            }
        }
    }
}

impl Watch {
    pub(crate) fn new(engine: Arc<Engine>, bell: Bell) -> Self {
        Self {
            engine,
            bell,
            last: None,
            is_at_it: false,
            is_stale: false,
            asked_for: BTreeSet::new(),
            advised: Advised::default(),
        }
    }

    /// What is to be asked for by its number: nominations, and what advisories name as a fix.
    async fn numbers_to_read(&mut self, known: &Known) -> anyhow::Result<BTreeSet<PrNumber>> {
        self.advised.look(&self.engine).await?;
        let mut numbers = self.engine.store.nominated().await?;
        numbers.extend(self.advised.wanted(known));
        Ok(numbers)
    }

    /// Whether there is something to look for that no look was begun for.
    async fn is_new(&self, known: &Known, numbers: &BTreeSet<PrNumber>) -> anyhow::Result<bool> {
        let is_told = self.engine.read_deliveries().await?;
        let mut unknown = numbers.iter().filter(|it| !known.contains_key(it));
        Ok(is_told || unknown.any(|it| !self.asked_for.contains(it)))
    }

    /// Says when to look next, after some requests that went through.
    fn after(&mut self, looked: &Looked) -> Option<Timestamp> {
        if looked.has_found {
            self.bell.ring();
        }
        self.is_at_it = !looked.is_done;
        if looked.is_done && std::mem::take(&mut self.is_stale) {
            self.last = None;
        }
        if self.is_at_it {
            Some(now())
        } else {
            self.next().or(Some(now()))
        }
    }

    fn is_due(&self) -> bool {
        self.next().is_none_or(|at| at <= now())
    }

    /// Not before the interval is over, and later where requests are scarce.
    fn next(&self) -> Option<Timestamp> {
        let last = self.last?;
        let seconds = i64::try_from(self.engine.interval.as_secs()).unwrap_or(i64::MAX);
        Some(last.plus_seconds(seconds.max(self.engine.watcher.seconds_between())))
    }
}

/// What some requests came to.
#[derive(Default)]
struct Looked {
    /// Whether there is nothing left to ask for.
    is_done: bool,
    /// Whether anything was stored.
    has_found: bool,
    /// The version bumps that nothing makes candidates.
    passed_by: Vec<PassedBy>,
}

impl Engine {
    /// Looks at what the webhook took; returns whether something that is watched changed.
    async fn read_deliveries(&self) -> anyhow::Result<bool> {
        let mut is_told = false;
        let watched = self.watcher.repository();
        for delivery in self.store.new_deliveries().await? {
            let read = hint(&delivery.event, &delivery.body, &watched);
            is_told |= matches!(read, Ok(Hint::PullRequest(_)));
            let problem = read.err();
            let handled = self
                .store
                .handled_delivery(&delivery.id, problem.as_deref());
            handled.await?;
        }
        Ok(is_told)
    }

    /// Makes some requests.
    async fn look_at_github(
        &self,
        lane: &Lane,
        known: Known,
        numbers: &BTreeSet<PrNumber>,
        is_first: bool,
    ) -> anyhow::Result<Looked> {
        let mut cursor: Cursor = match self.store.cursor(CURSOR).await? {
            Some(text) => text.parse().context("the database's cursor")?,
            None => Cursor::default(),
        };
        if is_first {
            self.watcher.begin(&mut cursor, &known);
        }
        let looked = self.take_steps(&mut cursor, known, numbers).await;
        lane.traffic(traffic(&self.watcher.traffic(), &cursor));
        self.complain(lane, &cursor).await?;
        looked
    }

    async fn take_steps(
        &self,
        cursor: &mut Cursor,
        mut known: Known,
        numbers: &BTreeSet<PrNumber>,
    ) -> anyhow::Result<Looked> {
        let mut looked = Looked::default();
        for _ in 0..REQUESTS {
            let stepped = self.watcher.step(cursor, &known, numbers).await;
            // What was read comes before the cursor: a crash between the two reads it again.
            if let Ok(step) = &stepped {
                looked.has_found |= self.keep(step, &mut known).await?;
            }
            self.store.set_cursor(CURSOR, &cursor.to_string()).await?;
            let step = stepped?;
            looked.passed_by.extend(step.passed_by);
            looked.is_done = step.is_last;
            if looked.is_done {
                break;
            }
        }
        Ok(looked)
    }

    /// Stores what a step found; returns whether that changes anything.
    async fn keep(&self, step: &Step, known: &mut Known) -> anyhow::Result<bool> {
        self.store.keep_passed_by(&step.passed_by).await?;
        let mut is_new = !step.gone.is_empty();
        for candidate in &step.candidates {
            is_new |= self.store.upsert_candidate(candidate).await?;
            if let Some(id) = candidate.author_id {
                self.store.saw_account(&candidate.author, id, now()).await?;
            }
            let before = known.insert(candidate.pr, Arc::new(candidate.clone()));
            if before.is_none_or(|before| before.head != candidate.head) {
                let (pr, title) = (candidate.pr, &candidate.title);
                info!(target: PROGRESS, "watching pull request {pr}: {title}");
            }
        }
        for number in &step.gone {
            if let Some(mut candidate) = self.store.candidate(*number).await? {
                candidate.upstream = UpstreamState::Closed;
                self.store.upsert_candidate(&candidate).await?;
            }
        }
        Ok(is_new)
    }

    /// Each pull request and each delivery that cannot be read is a trouble of its own.
    async fn complain(&self, lane: &Lane, cursor: &Cursor) -> anyhow::Result<()> {
        let unread = cursor.complaints().map(|(number, reason)| {
            let step = format!("reading pull request #{number}");
            (step, reason.to_owned())
        });
        let since = now().plus_seconds(-ODD_DELIVERIES_SECONDS);
        let odd = self.store.odd_deliveries(since).await?.into_iter();
        let odd = odd.map(|(id, problem)| (format!("reading delivery {id}"), problem));
        let label = cursor.lacks_label().then(|| {
            let reason = "the repository has no such label, and no pull request has it: was it \
                renamed? Set github.label to what it is called now";
            ("looking for the label".to_owned(), reason.to_owned())
        });
        lane.set_complaints(unread.chain(odd).chain(label).collect());
        Ok(())
    }

    /// What is known of pull requests; own patches are none, and GitHub has nothing to say of them.
    async fn watched(&self) -> anyhow::Result<Known> {
        let mut known = self.known().await?;
        if known.keys().next_back().is_some_and(|last| last.is_own()) {
            known.retain(|pr, _| !pr.is_own());
        }
        Ok(known)
    }

    pub(crate) async fn known(&self) -> anyhow::Result<Known> {
        let Some(channel) = self.channels.first() else {
            return Ok(Known::default());
        };
        let look = self.look(channel.name()).await?;
        Ok(look.facts().candidates.clone())
    }
}

fn traffic(traffic: &picket_watcher::Traffic, cursor: &Cursor) -> GitHubTraffic {
    GitHubTraffic {
        requests: traffic.requests,
        unchanged: traffic.unchanged,
        failures: traffic.failures,
        unread: cursor.unread(),
        limit: traffic.budget.map(|it| it.limit),
        remaining: traffic.budget.map(|it| it.remaining),
        resets_at: traffic.budget.map(|it| it.resets_at),
    }
}
