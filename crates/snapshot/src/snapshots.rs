//! The newest snapshot, and how the next one is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use picket_domain::{ChannelName, Facts, Machine, Policy, Timestamp};
use picket_store::{AllFacts, Store, StoreError};
use tokio::sync::{Mutex, watch};

use crate::channel::ChannelSnapshot;

/// All channels at one moment.
#[derive(Debug)]
pub struct Snapshot {
    edition: u64,
    channels: Vec<Arc<ChannelSnapshot>>,
}

impl Snapshot {
    /// Its number among the snapshots that this process made; for
    /// [`Snapshots::wait_for_change`].
    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// A channel.
    pub fn channel(&self, name: &ChannelName) -> Option<&Arc<ChannelSnapshot>> {
        self.channels.iter().find(|channel| channel.name() == name)
    }

    /// The channels, in the order in which their policies were given.
    pub fn channels(&self) -> &[Arc<ChannelSnapshot>] {
        &self.channels
    }

    /// The next snapshot; `None` where it would not differ. Channels that are as they were keep
    /// what was worked out for them.
    fn next(&self, facts: &[Facts], now: Timestamp) -> Option<Self> {
        let kept = self.channels.iter().zip(facts).map(|(channel, facts)| {
            let is_kept = channel.facts().as_ref() == facts && !channel.is_due(now);
            is_kept.then(|| Arc::clone(channel))
        });
        let kept: Vec<_> = kept.collect();
        if kept.iter().all(Option::is_some) {
            return None;
        }
        let made = |facts: &Facts| Arc::new(ChannelSnapshot::new(facts.clone(), now));
        let channels = kept.into_iter().zip(facts);
        Some(Self {
            edition: self.edition + 1,
            channels: channels
                .map(|(kept, facts)| kept.unwrap_or_else(|| made(facts)))
                .collect(),
        })
    }
}

/// Keeps the newest snapshot.
#[derive(Debug)]
pub struct Snapshots {
    store: Store,
    latest: watch::Sender<Arc<Snapshot>>,
    /// How many refreshes were asked for.
    asked: AtomicU64,
    refreshing: Mutex<Refreshing>,
}

#[derive(Debug)]
struct Refreshing {
    known: AllFacts,
    /// How many of the refreshes that were asked for are answered by what is known.
    answered: u64,
}

impl Snapshots {
    /// Reads all that is known about these channels.
    ///
    /// # Errors
    /// The database fails.
    pub async fn open(
        store: Store,
        policies: impl IntoIterator<Item = Policy>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let known = store.all_facts(policies).await?;
        let made = |facts: &Facts| Arc::new(ChannelSnapshot::new(facts.clone(), now));
        let first = Snapshot {
            edition: 1,
            channels: known.channels.iter().map(made).collect(),
        };
        Ok(Self {
            store,
            latest: watch::Sender::new(Arc::new(first)),
            asked: AtomicU64::new(0),
            refreshing: Mutex::new(Refreshing { known, answered: 0 }),
        })
    }

    /// The newest snapshot that was made.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.borrow())
    }

    /// The snapshot of all that was written before this call.
    ///
    /// # Errors
    /// The database fails; the newest snapshot stays.
    pub async fn refresh(&self, now: Timestamp) -> Result<Arc<Snapshot>, StoreError> {
        let ask = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut refreshing = self.refreshing.lock().await;
        if refreshing.answered < ask {
            // Whoever asked until here is answered by this look.
            let asked = self.asked.load(Ordering::SeqCst);
            if self.store.version().await? != refreshing.known.version {
                refreshing.known = self.store.refreshed(&refreshing.known).await?;
            }
            refreshing.answered = asked;
            self.show(&refreshing.known.channels, now);
        }
        Ok(self.latest())
    }

    /// Changes how things stand on this machine for a channel, which the database does not know.
    pub async fn on_machine(
        &self,
        channel: &ChannelName,
        change: impl FnOnce(&mut Machine),
        now: Timestamp,
    ) {
        let mut refreshing = self.refreshing.lock().await;
        let mut channels = refreshing.known.channels.iter_mut();
        if let Some(facts) = channels.find(|facts| facts.policy.channel == *channel) {
            change(&mut facts.machine);
        }
        self.show(&refreshing.known.channels, now);
    }

    /// Waits until there is another snapshot than that of this edition, and returns it.
    pub async fn wait_for_change(&self, edition: u64) -> Arc<Snapshot> {
        let mut latest = self.latest.subscribe();
        let other = latest
            .wait_for(|snapshot| snapshot.edition != edition)
            .await;
        // The only error is that there will be no other one, once this is dropped.
        other.map_or_else(|_| self.latest(), |snapshot| Arc::clone(&snapshot))
    }

    fn show(&self, channels: &[Facts], now: Timestamp) {
        if let Some(next) = self.latest().next(channels, now) {
            self.latest.send_replace(Arc::new(next));
        }
    }
}
