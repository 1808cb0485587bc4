//! Whether the release is in the release log, and the log the one that was seen before.
//!
//! Whoever has the keys, or can have something signed, could show chosen clients a release of their own. In
//! the log it would be seen by all. So the release has to be in it, and the log must neither be taken away
//! nor be another one for some: it only grows, from every state in which somebody saw it.

use picket_domain::Sha256;
use picket_releaselog::{
    Checkpoint, Entry, NOTE_MAX, Origin, consistency, inclusion, is_consistent, leaf_hash,
    root_by_inclusion,
};
use serde::Serialize;
use url::Url;

use super::Verification;
use super::log_reader::LogReader;
use super::memory::{Memory, Remembered, SeenLog};
use super::place;
use super::stated::Found;
use crate::http;
use crate::manifest::Manifest;
use crate::release_log::{LogFile, read_signed};

/// No log has more entries than this: one that says so would be read for ever.
const ENTRIES_MAX: u64 = 1_000_000;

const OWN: &str = "You may be shown a channel of your own: install nothing from it before that is \
     cleared up. Ask from another place, past any mirror or proxy, and compare the two checkpoints; if \
     they differ, tell everybody who uses the channel";

/// Where a release is in the release log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedRelease {
    /// Which log.
    pub origin: Origin,
    /// Which of its entries, beginning with 0.
    pub index: u64,
    /// How many entries the log has.
    pub size: u64,
    /// The root of their tree.
    pub root: Sha256,
}

impl Verification<'_> {
    /// Looks for the release in the log. What is wrong is a problem; a service that never had a log has
    /// none.
    pub(super) async fn logged(
        &mut self,
        found: &Found,
        manifest: &Manifest,
        sha256: Sha256,
        before: Option<&Remembered>,
    ) {
        let stated = match found {
            Found::Signed(latest) => latest.release_log.as_ref().map(|it| &it.origin),
            Found::Absent | Found::NotSigned | Found::Unreadable(_) => None,
        };
        let remembered = before.and_then(|it| it.release_log.as_ref());
        let due = match (stated, remembered) {
            (Some(origin), _) => Some((origin, "latest.json says")),
            (None, Some(origin)) => Some((origin, "it had when it was verified before")),
            (None, None) => None,
        };
        let of_release = self.place.asked_for == manifest.name.as_str();
        let entry = Entry::of_release(
            manifest.channel.clone(),
            manifest.name.clone(),
            manifest.seq,
            sha256,
        );
        let looked = match place::log_at(&self.report.url, of_release) {
            Ok(at) => self.look_at_log(&at, due, &entry).await,
            Err(error) => Err(format!("{}: {}", error.url, error.reason)),
        };
        match looked {
            Ok(logged) => self.report.release_log = logged,
            Err(problem) => self.report.problem(problem),
        }
    }

    async fn look_at_log(
        &mut self,
        at: &Url,
        due: Option<(&Origin, &str)>,
        entry: &Entry,
    ) -> Result<Option<LoggedRelease>, String> {
        let checkpoint = self.checkpoint(at).await?;
        let Some(checkpoint) = checkpoint else {
            return match due {
                None => Ok(None),
                Some((origin, why)) => Err(format!(
                    "there is no release log at {at}, and the channel has one, {origin}, as {why}: \
                     somebody takes it away. {OWN}"
                )),
            };
        };
        if let Some((origin, why)) = due.filter(|(origin, _)| **origin != checkpoint.origin) {
            return Err(format!(
                "the release log is {}, and the channel has another one, {origin}, as {why}. {OWN}",
                checkpoint.origin
            ));
        }
        let reader = LogReader {
            source: &self.source,
            at,
            size: checkpoint.size,
        };
        if let Some(path) = self.terms.state
            && let Some(seen) = Memory::load(path)?.log(&checkpoint.origin)
        {
            grew(&reader, seen, &checkpoint).await?;
        }
        let index = has(&reader, entry, &checkpoint).await?;
        let Checkpoint { origin, size, root } = checkpoint;
        Ok(Some(LoggedRelease {
            origin,
            index,
            size,
            root,
        }))
    }

    /// `None` where there is none.
    async fn checkpoint(&self, at: &Url) -> Result<Option<Checkpoint>, String> {
        let read = async {
            let url = http::below(at, &LogFile::Checkpoint.to_string())?;
            self.source.read(&url, NOTE_MAX).await
        };
        let read = read.await;
        let read = read.map_err(|error| format!("{}: {}", error.url, error.reason))?;
        let Some(bytes) = read else { return Ok(None) };
        let (checkpoint, _) = read_signed(&bytes, self.terms.keys).map_err(|reason| {
            format!(
                "the checkpoint of the release log at {at} counts for nothing: {reason}. It was damaged \
                 or replaced, by the server or on the way. {OWN}"
            )
        })?;
        if checkpoint.size > ENTRIES_MAX {
            return Err(format!(
                "the release log has {} entries, and no more than {ENTRIES_MAX} are looked at",
                checkpoint.size
            ));
        }
        Ok(Some(checkpoint))
    }
}

/// The log has to be the one that was seen before, and more.
async fn grew(
    reader: &LogReader<'_>,
    seen: &SeenLog,
    checkpoint: &Checkpoint,
) -> Result<(), String> {
    let (was, is) = (seen.size, checkpoint.size);
    if is < was {
        return Err(format!(
            "the release log has {}, and had {was} when it was seen before: entries were taken away, or this \
             is an old state of it. {OWN}",
            entries(is)
        ));
    }
    let parts = consistency(was, is);
    let proof = reader.hashes(&parts).await.map_err(|reason| {
        format!(
            "nothing proves that the release log, which had {} when it was seen before, became the one that \
             has {is} now: {reason}. {OWN}",
            entries(was)
        )
    })?;
    if is_consistent((was, seen.root), (is, checkpoint.root), &proof) {
        return Ok(());
    }
    Err(format!(
        "the release log is not the one that was seen before: with {} its root was {}, and the one that is \
         shown now, with {}, does not begin with them. There are two logs, signed by one key. {OWN}",
        entries(was),
        seen.root,
        entries(is)
    ))
}

/// The number of an entry, which has to be in the log.
async fn has(
    reader: &LogReader<'_>,
    entry: &Entry,
    checkpoint: &Checkpoint,
) -> Result<u64, String> {
    let Entry { release, seq, .. } = entry;
    let unproved = |reason: String| {
        format!(
            "nothing proves that {release} is in the release log, which has {}: {reason}. {OWN}",
            entries(checkpoint.size)
        )
    };
    let found = reader.find(&entry.channel, *seq).await.map_err(unproved)?;
    let (index, found) = found.ok_or_else(|| {
        format!(
            "{release} is not in the release log, which has {}: nobody else sees it. {OWN}",
            entries(checkpoint.size)
        )
    })?;
    if found != *entry {
        return Err(format!(
            "the release log says that release {seq} of {} is {} with a release.json of hash {}, and here \
             it is {release} with one of hash {}. {OWN}",
            entry.channel, found.release, found.release_json_sha256, entry.release_json_sha256
        ));
    }
    let parts = inclusion(index, checkpoint.size);
    let proof = reader.hashes(&parts).await.map_err(unproved)?;
    let leaf = leaf_hash(entry.to_line().as_bytes());
    if root_by_inclusion(leaf, index, checkpoint.size, &proof) == Some(checkpoint.root) {
        return Ok(index);
    }
    Err(unproved(format!(
        "it is among the entries as entry {index}, and their hashes do not lead to the root that is signed"
    )))
}

fn entries(number: u64) -> String {
    let plural = if number == 1 { "entry" } else { "entries" };
    format!("{number} {plural}")
}
