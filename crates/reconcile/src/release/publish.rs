//! Bringing a sealed release out.

use std::sync::Arc;

use anyhow::bail;
use picket_domain::{Facts, Release, ReleaseSeq};
use picket_merger::ReleaseRefs;
use picket_publisher::PublishError;
use tracing::{info, warn};

use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::settings::Channel;

impl Engine {
    /// The signatures and the folder, then tag and branch here, then the pointer, the statement that it
    /// is the current one, and the record: whoever sees the release can have its commit. The remote may follow later, unless the channel
    /// wants it to have the release first: a host that does not answer must not keep a fix from
    /// servers.
    pub(super) async fn publish(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        release: &Release,
    ) -> anyhow::Result<()> {
        self.reveal(channel, facts, release).await?;
        self.set_refs(channel, release).await?;
        if channel.policy.push_first {
            self.push(channel, facts, release).await?;
        }
        let engine = Arc::clone(self);
        let (of, name) = (release.channel.clone(), release.name.clone());
        blocking(move || engine.publisher.flip(&of, &name)).await?;
        // The release is out. The lane that looks after what is published tries again, and tells.
        if let Err(error) = self.state_latest(&release.channel, Some(release)).await {
            warn!(
                "it is not stated yet that {} is current: {error:#}",
                release.name
            );
        }
        self.store
            .publish(&release.channel, release.seq, now())
            .await?;
        Ok(())
    }

    /// What was staged can be lost between seal and signature; it is written again then. Nobody has
    /// seen the release, so that whatever it is has to be checked, and nothing has to be equal.
    async fn reveal(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        release: &Release,
    ) -> anyhow::Result<()> {
        let reveal = || {
            let engine = Arc::clone(self);
            let (of, name) = (release.channel.clone(), release.name.clone());
            blocking(move || engine.publisher.reveal(&of, &name))
        };
        let Err(error) = reveal().await else {
            return Ok(());
        };
        match error.downcast_ref::<PublishError>() {
            Some(
                PublishError::NotStaged(_)
                | PublishError::Damaged { .. }
                | PublishError::Incomplete { .. },
            ) => {
                info!(target: PROGRESS, "writing {} again: {error:#}", release.name);
                self.write_and_check(channel, facts, release).await?;
                reveal().await
            }
            _ => bail!(error),
        }
    }

    async fn set_refs(&self, channel: &Channel, release: &Release) -> anyhow::Result<()> {
        let refs = ReleaseRefs {
            branch: channel.branch(),
            tag: release.name.clone(),
            rev: release.rev.clone(),
        };
        let merger = self.merger.clone();
        blocking(move || merger.set_release_refs(&refs)).await?;
        info!(target: PROGRESS, "tagged {}", release.name);
        Ok(())
    }

    /// What clients are led to now: whether it names an address or a key that is not ours any more,
    /// and its number.
    pub(super) async fn look_at_public(
        self: &Arc<Self>,
        channel: &Channel,
    ) -> anyhow::Result<(Option<ReleaseSeq>, Option<ReleaseSeq>)> {
        let (engine, of) = (Arc::clone(self), channel.name().clone());
        let cache_url = self.address("cache")?;
        blocking(move || {
            let public = engine.publisher.highest_seq(&of)?;
            let dir = engine.publisher.dir();
            let manifest = match dir.current(&of)? {
                Some(current) => dir.manifest(&of, &current)?,
                None => None,
            };
            let outdated = manifest.filter(|manifest| {
                manifest.binary_cache_url != cache_url
                    || manifest.public_keys != engine.publisher.public_keys()
            });
            anyhow::Ok((outdated.map(|manifest| manifest.seq), public))
        })
        .await
    }
}
