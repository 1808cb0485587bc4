//! One run: files, pointers, statements, removals, in this order, and what is written down of it.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, stream};
use picket_domain::ChannelName;
use picket_publisher::LatestFile;

use crate::error::BucketError;
use crate::ledger::{ChannelEntry, Entry, Ledger, RECORD, State};
use crate::place::{Manner, Place, Seen};
use crate::plan::{Listing, Plan, Send, plan, turn_of};
use crate::pointer::Pointer;
use crate::report::Report;
use crate::scan::{LocalChannel, Snapshot};
use crate::send::{Sent, send};
use crate::statement;

/// So many files are written at once.
const FILES_AT_ONCE: usize = 4;
/// What keeps a person informed of a long run: how far it is, after each of so many parts of it.
const TOLD_TIMES: u64 = 10;

/// How closely a run looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// At the record of earlier runs. Where it says that all is there, that one read is all that is
    /// asked.
    Record,
    /// Also at the list of what is there: what somebody took away comes again.
    Listing,
}

/// A run.
pub(crate) struct Run<'a> {
    place: &'a Place,
    ledger: Ledger,
    /// The record as it is in the mirror.
    before: Option<Seen>,
    /// Channels that are not looked at.
    left_out: BTreeSet<ChannelName>,
    /// Files that went away before they were written.
    vanished: BTreeSet<String>,
    report: Report,
}

/// Whether a channel is led elsewhere, or states something else, than the record says.
pub(crate) fn differing(here: &Snapshot, ledger: &Ledger) -> bool {
    let is_new = |(name, channel): (&ChannelName, &LocalChannel)| {
        let entry = ledger.channels.get(name).cloned().unwrap_or_default();
        entry.release.as_ref() != Some(&channel.head.name) || is_unstated(channel, &entry)
    };
    let is_gone = |name: &ChannelName| {
        !here.channels.contains_key(name) && !here.unreadable.contains_key(name)
    };
    here.channels.iter().any(is_new) || ledger.channels.keys().any(is_gone)
}

fn is_unstated(channel: &LocalChannel, entry: &ChannelEntry) -> bool {
    let statement = channel.statement.as_ref();
    statement.is_some_and(|it| !statement::is_stated(it, entry))
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        place: &'a Place,
        ledger: Ledger,
        before: Option<Seen>,
        left_out: impl IntoIterator<Item = ChannelName>,
    ) -> Self {
        Self {
            place,
            ledger,
            before,
            left_out: left_out.into_iter().collect(),
            vanished: BTreeSet::new(),
            report: Report::default(),
        }
    }

    /// What it would do.
    pub(crate) fn preview(mut self, here: &Snapshot, listing: &Listing) -> Report {
        let plan = plan(here, &self.ledger, listing);
        self.count(here, &plan);
        for send in &plan.sends {
            self.report.written += 1;
            self.report.written_bytes += send.file.size;
        }
        self.report.removed = plan.removals.len() as u64;
        for (name, channel) in &here.channels {
            let entry = self.ledger.channels.get(name).cloned().unwrap_or_default();
            if entry.release.as_ref() != Some(&channel.head.name) {
                let release = channel.head.name.clone();
                self.report.moved.insert(name.clone(), release);
            }
            if is_unstated(channel, &entry) {
                self.report.stated.push(name.clone());
            }
        }
        self.report
    }

    /// Does what is to be done.
    pub(crate) async fn carry_out(
        mut self,
        here: &Snapshot,
        listing: &Listing,
        depth: Depth,
    ) -> Result<Report, BucketError> {
        let plan = plan(here, &self.ledger, listing);
        self.count(here, &plan);
        let was_whole = self.ledger.is_whole() && self.before.is_some();
        for key in &plan.found {
            self.is_there(key);
            self.report.unchanged += 1;
        }
        if !plan.sends.is_empty() {
            for send in &plan.sends {
                self.ledger.announce(&send.file, send.state);
            }
            self.write_record().await?;
            self.send_all(&plan.sends).await?;
        }
        for (name, channel) in &here.channels {
            self.lead(name, channel, depth, listing).await?;
        }
        for (name, channel) in &here.channels {
            self.state(name, channel, listing).await?;
        }
        let gone = self.gone_channels(here);
        for name in &gone {
            self.remove_channel(name).await?;
        }
        for same in plan
            .removals
            .chunk_by(|one, other| turn_of(one) == turn_of(other))
        {
            self.remove_all(same).await?;
        }
        if !was_whole || !self.report.is_nothing() || !gone.is_empty() || !plan.sends.is_empty() {
            self.write_record().await?;
        }
        Ok(self.report)
    }

    /// Writes the record down as it is.
    pub(crate) async fn write_down(mut self) -> Result<(), BucketError> {
        self.write_record().await
    }

    /// Only in the place of the one that was read: whoever wrote it meanwhile is at work here too.
    async fn write_record(&mut self) -> Result<(), BucketError> {
        let manner = Manner {
            cache_control: "no-store",
            ..Manner::changing("application/json")
        };
        let (bytes, before) = (self.ledger.to_bytes(), self.before.as_ref());
        let written = self.place.replace(RECORD, bytes, manner, before).await?;
        self.before = Some(written);
        Ok(())
    }

    fn count(&mut self, here: &Snapshot, plan: &Plan) {
        self.report.unchanged = plan.unchanged;
        self.report.objects = here.files.len() as u64;
        self.report.bytes = here.files.iter().map(|file| file.size).sum();
    }

    fn is_there(&mut self, key: &str) {
        if let Some(entry) = self.ledger.objects.get_mut(key) {
            entry.state = State::There;
        }
    }

    /// Turn by turn, as the plan has them: none begins before the one before it is done.
    async fn send_all(&mut self, sends: &[Send]) -> Result<(), BucketError> {
        let bytes: u64 = sends.iter().map(|send| send.file.size).sum();
        let (place, mut done) = (self.place, 0);
        tracing::info!(
            target: "picket::progress",
            "{}: {} {} to write, {} MiB",
            place.name,
            sends.len(),
            if sends.len() == 1 { "file" } else { "files" },
            bytes >> 20
        );
        let turn = |send: &Send| send.file.kind.turn();
        for of_turn in sends.chunk_by(|one, other| turn(one) == turn(other)) {
            let sending: Vec<_> = of_turn.iter().map(|it| named(place, it).boxed()).collect();
            let mut sending = stream::iter(sending).buffer_unordered(FILES_AT_ONCE);
            while let Some((it, sent)) = sending.next().await {
                self.has_sent(it, &sent?);
                let before = part_of(done, bytes);
                done += it.file.size;
                if part_of(done, bytes) > before && done < bytes {
                    tracing::info!(
                        target: "picket::progress",
                        "{}: {} of {} MiB", place.name, done >> 20, bytes >> 20
                    );
                }
            }
        }
        Ok(())
    }

    fn has_sent(&mut self, send: &Send, sent: &Sent) {
        let key = &send.file.key;
        let (size, modified, sha256) = match sent {
            Sent::Written {
                size,
                modified,
                sha256,
            } => {
                self.report.written += 1;
                self.report.written_bytes += size;
                (*size, *modified, *sha256)
            }
            Sent::Same { modified, sha256 } => {
                self.report.unchanged += 1;
                (send.file.size, *modified, *sha256)
            }
            Sent::Vanished => {
                self.vanished.insert(key.clone());
                return;
            }
        };
        let entry = Entry {
            size,
            modified,
            sha256: Some(sha256),
            state: State::There,
        };
        self.ledger.objects.insert(key.clone(), entry);
    }

    /// Leads a channel's readers to its current release, all of whose files are there.
    async fn lead(
        &mut self,
        name: &ChannelName,
        channel: &LocalChannel,
        depth: Depth,
        listing: &Listing,
    ) -> Result<(), BucketError> {
        let entry = self.ledger.channels.get(name);
        let is_recorded = entry.is_some_and(|it| it.release.as_ref() == Some(&channel.head.name));
        // The list of what is there does not hold the pointers.
        let is_looked_at = depth == Depth::Listing && listing.is_some();
        if is_recorded && !is_looked_at {
            return Ok(());
        }
        let place = self.place.name.clone();
        let folder = format!("releases/{name}/{}/", channel.head.name);
        if let Some(key) = self.vanished.iter().find(|key| key.starts_with(&folder)) {
            return Err(BucketError::Vanished {
                place,
                channel: name.clone(),
                key: key.clone(),
            });
        }
        let next = Pointer::of(&channel.head);
        let (there, seen) = self.place.pointer(name).await?;
        if let Some(there) = there.as_ref().filter(|there| there.seq > next.seq) {
            return Err(BucketError::Backwards {
                place,
                channel: name.clone(),
                there: there.release.clone(),
                here: next.release,
            });
        }
        if there.as_ref() != Some(&next) {
            self.place.lead_to(&next, seen.as_ref()).await?;
            let release = next.release.clone();
            self.report.moved.insert(name.clone(), release);
            tracing::info!(
                target: "picket::progress",
                "{}: {name} is now {}", self.place.name, next.release
            );
        }
        self.entry(name).release = Some(next.release);
        Ok(())
    }

    async fn state(
        &mut self,
        name: &ChannelName,
        channel: &LocalChannel,
        listing: &Listing,
    ) -> Result<(), BucketError> {
        let Some(statement) = &channel.statement else {
            return Ok(());
        };
        let size = |file| {
            let listing = listing.as_ref()?;
            Some(listing.get(&statement::key(name, file)).copied())
        };
        let is_listed =
            |file, bytes: &[u8]| size(file).is_none_or(|it| it == Some(bytes.len() as u64));
        let is_listed = is_listed(LatestFile::Statement, &statement.bytes)
            && is_listed(LatestFile::Signature, &statement.signatures);
        let entry = self.ledger.channels.get(name).cloned().unwrap_or_default();
        if statement::is_stated(statement, &entry) && is_listed {
            return Ok(());
        }
        statement::state(self.place, name, statement).await?;
        let entry = self.entry(name);
        entry.statement = Some(picket_domain::Sha256::of(&statement.bytes));
        entry.signatures = Some(picket_domain::Sha256::of(&statement.signatures));
        self.report.stated.push(name.clone());
        Ok(())
    }

    /// Of one turn: none of them names another.
    async fn remove_all(&mut self, keys: &[String]) -> Result<(), BucketError> {
        let place = self.place;
        let removing: Vec<_> = keys.iter().map(|key| place.remove(key).boxed()).collect();
        let mut removing = stream::iter(removing).buffered(FILES_AT_ONCE);
        for key in keys {
            removing.next().await.transpose()?;
            self.ledger.objects.remove(key);
            self.report.removed += 1;
        }
        Ok(())
    }

    fn entry(&mut self, name: &ChannelName) -> &mut ChannelEntry {
        self.ledger.channels.entry(name.clone()).or_default()
    }

    fn gone_channels(&self, here: &Snapshot) -> Vec<ChannelName> {
        let names = self.ledger.channels.keys();
        let is_gone =
            |it: &&ChannelName| !here.channels.contains_key(it) && !self.left_out.contains(it);
        names.filter(is_gone).cloned().collect()
    }

    /// Before its releases' files go, nothing leads to them.
    async fn remove_channel(&mut self, name: &ChannelName) -> Result<(), BucketError> {
        let stated = LatestFile::ALL.map(|file| statement::key(name, file));
        for key in stated.iter().chain([&Pointer::key(name)]) {
            self.place.remove(key).await?;
            self.report.removed += 1;
        }
        self.ledger.channels.remove(name);
        Ok(())
    }
}

async fn named<'a>(place: &Place, it: &'a Send) -> (&'a Send, Result<Sent, BucketError>) {
    (it, send(place, it).await)
}

/// In which part of a run it is.
fn part_of(done: u64, all: u64) -> u64 {
    done.saturating_mul(TOLD_TIMES) / all.max(1)
}
