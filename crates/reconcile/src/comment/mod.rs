//! The lane that tells pull requests what became of them, where that is switched on.
//!
//! Nothing waits for it: its requests, limits and failures are its own.

mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_domain::{Comment, CommentSite, PrNumber, Timestamp, comment};
use picket_snapshot::Snapshot;

use self::writer::Writer;
use crate::engine::{Engine, now};
use crate::lane::Lane;
use crate::settings::Commenting;
use crate::supervise::Work;

pub(crate) struct CommentLane {
    engine: Arc<Engine>,
    setting: Arc<Commenting>,
    writer: Writer,
    /// What all comments are to say, as of which snapshot.
    wanted: BTreeMap<PrNumber, Comment>,
    as_of: Option<u64>,
}

impl Work for CommentLane {
    async fn pass(&mut self, lane: &Lane) -> anyhow::Result<Option<Timestamp>> {
        let snapshot = self.engine.snapshots.refresh(now()).await?;
        if self.as_of != Some(snapshot.edition()) {
            self.wanted = wanted(&self.setting.site, &snapshot);
            self.as_of = Some(snapshot.edition());
        }
        self.writer.turn(lane, &self.wanted, now()).await
    }
}

impl CommentLane {
    pub(crate) fn new(engine: Arc<Engine>, setting: Arc<Commenting>) -> Self {
        Self {
            writer: Writer::new(engine.store.clone(), Arc::clone(&setting)),
            engine,
            setting,
            wanted: BTreeMap::new(),
            as_of: None,
        }
    }
}

/// What each comment is to say. All channels have the same candidates.
fn wanted(site: &CommentSite, snapshot: &Snapshot) -> BTreeMap<PrNumber, Comment> {
    let channels = snapshot.channels();
    let candidates = channels.first().map(|first| &first.facts().candidates);
    let candidates = candidates.into_iter().flat_map(|it| it.values());
    let comments = candidates.filter_map(|candidate| {
        let of = channels.iter().filter_map(|channel| {
            let status = channel.status(candidate.pr)?;
            Some((channel.facts().as_ref(), status))
        });
        Some((candidate.pr, comment(site, candidate, of)?))
    });
    comments.collect()
}
