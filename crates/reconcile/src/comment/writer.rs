//! Writing one comment after the other, each at most once.
//!
//! What is to be posted is looked for first, and that a post begins is stored before it does. Whoever
//! is killed then, or not answered, finds it so and looks for it before anything is posted again.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use picket_domain::{
    Comment, CommentEnd, CommentPlace, CommentRecord, CommentStep, CommentTraffic, PrNumber,
    Sha256, Timestamp,
};
use picket_store::Store;
use picket_watcher::{CommentDue, CommentFailure, CommentPace, Settling, comment_due};
use tracing::{info, warn};

use crate::lane::Lane;
use crate::settings::Commenting;
use crate::supervise::LOOKING;

/// The name under which the database keeps the pace.
const PACE: &str = "github comments";
const WRITING: &str = "writing comments on pull requests";

/// Writes comments.
pub(crate) struct Writer {
    store: Store,
    setting: Arc<Commenting>,
    /// What is known of each; `None` until it was read.
    records: Option<BTreeMap<PrNumber, CommentRecord>>,
    settling: Settling,
    /// The token with which none can be written.
    closed: Option<Option<Sha256>>,
}

/// What came of writing one.
type Written = Result<(), CommentFailure>;

impl Writer {
    pub(crate) fn new(store: Store, setting: Arc<Commenting>) -> Self {
        Self {
            store,
            setting,
            records: None,
            settling: Settling::default(),
            closed: None,
        }
    }

    /// Writes one comment, if one is due. Returns when the next one may be.
    pub(crate) async fn turn(
        &mut self,
        lane: &Lane,
        wanted: &BTreeMap<PrNumber, Comment>,
        now: Timestamp,
    ) -> anyhow::Result<Option<Timestamp>> {
        self.settling.look(wanted, now);
        let mut pace = self.pace().await?;
        let records = match self.records.take() {
            Some(records) => records,
            None => self.store.comments().await?,
        };
        let records = self.records.insert(records);
        let stable = self.setting.stable_seconds.into();
        let due = comment_due(wanted, records, &self.settling, &pace, stable, now);
        lane.comments(self.traffic(&due));
        lane.keep_wanted(|it| it == LOOKING || is_about(it, &due));
        if self.is_closed(lane) {
            return Ok(None);
        }
        let Some((pr, comment)) = due.now.and_then(|pr| Some((pr, wanted.get(&pr)?))) else {
            return Ok(due.next);
        };
        let mut record = self.known(pr);
        let writing = self.write((pr, comment), &mut record, &mut pace, now);
        let written = lane.working(&step(pr), writing).await?;
        self.after(lane, (pr, &written), &mut record, &mut pace, now);
        self.keep(pr, record).await?;
        self.keep_pace(&pace).await?;
        lane.comments(self.traffic(&due));
        Ok(Some(now))
    }

    /// Does what is to be done next for one comment. The outer failure is the database's.
    async fn write(
        &self,
        (pr, comment): (PrNumber, &Comment),
        record: &mut CommentRecord,
        pace: &mut CommentPace,
        now: Timestamp,
    ) -> anyhow::Result<Written> {
        let (step, _) = record.next(comment, now);
        match step {
            CommentStep::Nothing => Ok(Ok(())),
            CommentStep::Post => self.post((pr, comment), record, pace, now).await,
            CommentStep::Edit(id) => {
                pace.begin(now);
                self.keep_pace(pace).await?;
                let edited = self.setting.comments.edit(id, comment.text()).await;
                Ok(edited.map(|()| record.there(id, comment.digest(), now)))
            }
        }
    }

    async fn post(
        &self,
        (pr, comment): (PrNumber, &Comment),
        record: &mut CommentRecord,
        pace: &mut CommentPace,
        now: Timestamp,
    ) -> anyhow::Result<Written> {
        let comments = &self.setting.comments;
        match comments.find(pr, &self.setting.site).await {
            Err(failure) => return Ok(Err(failure)),
            Ok(Some(found)) => {
                record.there(found.id, found.text, now);
                return Ok(Ok(()));
            }
            Ok(None) => record.not_there(),
        }
        if !comment.may_begin(now) {
            return Ok(Ok(()));
        }
        record.posting(now);
        self.store.record_comment(pr, record).await?;
        pace.begin(now);
        self.keep_pace(pace).await?;
        let posted = comments.post(pr, comment.text()).await;
        Ok(posted.map(|id| {
            info!("told pull request {pr} what became of it, in comment {id}");
            record.there(id, comment.digest(), now);
        }))
    }

    /// Notes what came of it, in the record, in the pace and on the board.
    fn after(
        &mut self,
        lane: &Lane,
        (pr, written): (PrNumber, &Written),
        record: &mut CommentRecord,
        pace: &mut CommentPace,
        now: Timestamp,
    ) {
        let Err(failure) = written else {
            self.answered(lane, pr, pace);
            return;
        };
        let error = anyhow!(failure.clone());
        let marker = self.setting.site.marker();
        let retry = match failure {
            CommentFailure::Limited { until } => {
                record.not_there();
                let until = pace.rest(Some(*until), &marker, now);
                lane.failed_aside(WRITING, &error, Some(until));
                return;
            }
            CommentFailure::Closed(_) => {
                record.not_there();
                self.closed = Some(self.setting.comments.token());
                lane.set_complaints([(WRITING.to_owned(), error.to_string())].into());
                return;
            }
            CommentFailure::Unclear(_) => {
                pace.rest(None, &marker, now);
                let at = record.failed(now);
                lane.failed_aside(&step(pr), &error, Some(at));
                return;
            }
            CommentFailure::Locked => {
                record.end(CommentEnd::Locked, now);
                None
            }
            CommentFailure::Gone if matches!(record.place, CommentPlace::There { .. }) => {
                record.end(CommentEnd::Deleted, now);
                None
            }
            CommentFailure::Gone => record.refused("it shows no such pull request", now),
            CommentFailure::Refused(reason) => record.refused(reason, now),
        };
        self.answered(lane, pr, pace);
        match retry {
            Some(at) => lane.failed_aside(&step(pr), &error, Some(at)),
            None => warn!("nothing more is written on pull request {pr}: {error:#}"),
        }
    }

    /// GitHub answered, whatever it said of this one.
    fn answered(&self, lane: &Lane, pr: PrNumber, pace: &mut CommentPace) {
        pace.succeeded(self.setting.comments.rests_until());
        lane.mended(&step(pr));
        lane.mended(WRITING);
    }

    /// Whether none can be written, until there is another token.
    fn is_closed(&mut self, lane: &Lane) -> bool {
        match &self.closed {
            Some(token) if *token == self.setting.comments.token() => true,
            Some(_) => {
                self.closed = None;
                lane.set_complaints(BTreeMap::new());
                false
            }
            None => false,
        }
    }

    fn known(&self, pr: PrNumber) -> CommentRecord {
        let records = self.records.as_ref();
        let known = records.and_then(|records| records.get(&pr));
        known.cloned().unwrap_or_default()
    }

    async fn keep(&mut self, pr: PrNumber, record: CommentRecord) -> anyhow::Result<()> {
        // What is in the database is what counts: where it fails, all is read anew.
        let records = self.records.take();
        self.store.record_comment(pr, &record).await?;
        self.records = records.map(|mut records| {
            records.insert(pr, record);
            records
        });
        Ok(())
    }

    async fn pace(&self) -> anyhow::Result<CommentPace> {
        match self.store.cursor(PACE).await? {
            Some(text) => text.parse().context("the database's pace of comments"),
            None => Ok(CommentPace::default()),
        }
    }

    async fn keep_pace(&self, pace: &CommentPace) -> anyhow::Result<()> {
        Ok(self.store.set_cursor(PACE, &pace.to_string()).await?)
    }

    fn traffic(&self, due: &CommentDue) -> CommentTraffic {
        let traffic = self.setting.comments.traffic();
        let count = |is_it: fn(&CommentPlace) -> bool| {
            let records = self.records.iter().flat_map(BTreeMap::values);
            records.filter(|it| is_it(&it.place)).count()
        };
        CommentTraffic {
            requests: traffic.requests,
            failures: traffic.failures,
            written: count(|it| matches!(it, CommentPlace::There { .. })),
            ended: count(|it| matches!(it, CommentPlace::Ended { .. })),
            waiting: due.waiting.len(),
        }
    }
}

/// Whether a step that failed is still to be done.
fn is_about(failed: &str, due: &CommentDue) -> bool {
    let mut waiting = due.waiting.iter();
    waiting.any(|pr| failed == WRITING || failed == step(*pr))
}

fn step(pr: PrNumber) -> String {
    format!("telling pull request #{pr} what became of it")
}
