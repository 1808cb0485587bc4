//! Carrying out the steps of a release: reserving, staging, publishing.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use picket_domain::{
    Base, BuildState, ChannelName, CommitSha, Facts, PathInfo, PickStatus, PrNumber, Release,
    ReleaseName, ReleaseSeq, ReleaseState, ReleasedPick, StorePath, resolve, status,
};
use picket_merger::PublishRefs;
use picket_publisher::{
    PickNote, PublishedPaths, ReleaseContent, SetAside, StorePathList, Upstream,
};
use tracing::info;
use url::Url;

use super::{Reconciler, blocking};
use crate::config::{Channel, UpstreamCache};
use crate::logging::PROGRESS;

impl Reconciler {
    /// The release's commit is made before its number is taken: its name holds the commit's id.
    pub(super) async fn reserve(
        &self,
        channel: &Channel,
        facts: &Facts,
        seq: ReleaseSeq,
        base: &Base,
        tip: &CommitSha,
        picks: &[ReleasedPick],
    ) -> anyhow::Result<()> {
        let previous = previous(facts, seq).map(|release| release.rev.clone());
        let message = message(channel, seq, base, picks);
        let (mirror, of) = (self.mirror.clone(), tip.clone());
        let commit = move || mirror.release_commit(previous.as_ref(), &of, &message);
        let rev = blocking(commit).await?;
        let release = Release {
            channel: channel.policy.channel.clone(),
            seq,
            name: ReleaseName::of(base, seq, &rev)?,
            base: base.clone(),
            tip: tip.clone(),
            rev,
            picks: picks.to_vec(),
            reserved_at: self.now(),
            state: ReleaseState::Reserved,
        };
        let release = self.store.reserve(&release).await?;
        info!(target: PROGRESS, "release {} with {} picks", release.name, release.picks.len());
        Ok(())
    }

    /// Writes the release's store paths and files, checks all of them, and seals it.
    pub(super) async fn stage(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        seq: ReleaseSeq,
    ) -> anyhow::Result<()> {
        let release = release(facts, seq)?.clone();
        let outputs = self.outputs(channel, &release).await?;
        let closure = self.builder.closure(&outputs).await?;
        let upstream = upstream(channel.upstream_cache.as_ref(), &closure).await?;
        let this = Arc::clone(self);
        let publish = move || this.publisher.publish_paths(&closure, &upstream);
        let published = blocking(publish).await?;
        self.write_release(facts, &release, outputs, published)
            .await?;
        let (this, name) = (Arc::clone(self), release.name.clone());
        let of = release.channel.clone();
        blocking(move || this.publisher.check(&of, &name)).await?;
        self.store.seal(&release.channel, seq, self.now()).await?;
        Ok(())
    }

    /// The outputs of the jobs in which a release differs from its base.
    ///
    /// The base may have moved on since the release's number was taken, so this is read for the
    /// release's own base. Without a build that passes there is nothing to release: clients would
    /// have to build it themselves.
    async fn outputs(
        &self,
        channel: &Channel,
        release: &Release,
    ) -> anyhow::Result<Vec<StorePath>> {
        if release.tip == release.base.rev {
            return Ok(Vec::new());
        }
        let (of, base) = (&release.channel, &release.base.rev);
        let builds = self.store.builds(of, base).await?;
        let record = builds.get(&release.tip);
        match record.map(|record| record.state(&channel.policy, self.now())) {
            Some(BuildState::Passed { report, .. }) => Ok(report.built_outputs()),
            _ => bail!("there is no build of {} that passes", release.tip.short()),
        }
    }

    /// The release that clients get, if it names an address or a key that is not ours any more.
    pub(super) async fn outdated(
        self: &Arc<Self>,
        channel: &Channel,
    ) -> anyhow::Result<Option<ReleaseSeq>> {
        let (this, name) = (Arc::clone(self), channel.policy.channel.clone());
        blocking(move || this.current_if_outdated(&name)).await
    }

    fn current_if_outdated(&self, channel: &ChannelName) -> anyhow::Result<Option<ReleaseSeq>> {
        let dir = self.publisher.dir();
        let Some(current) = dir.current(channel)? else {
            return Ok(None);
        };
        let Some(manifest) = dir.manifest(channel, &current)? else {
            return Ok(None);
        };
        let is_up_to_date = manifest.binary_cache_url == self.cache_url()?
            && manifest.public_keys == self.publisher.public_keys();
        Ok((!is_up_to_date).then_some(manifest.seq))
    }

    fn cache_url(&self) -> anyhow::Result<Url> {
        Ok(self.base_url.join("cache")?)
    }

    async fn write_release(
        self: &Arc<Self>,
        facts: &Facts,
        release: &Release,
        outputs: Vec<StorePath>,
        published: PublishedPaths,
    ) -> anyhow::Result<()> {
        let tree = self.revision(&release.channel, &release.rev).await?.tree;
        let previous = previous(facts, release.seq).map(|release| release.name.clone());
        let (notes, set_aside) = (notes(facts, release), set_aside(facts, self.now()));
        let src_url = self
            .base_url
            .join(&format!("channels/{}", release.channel))?;
        let (this, release) = (Arc::clone(self), release.clone());
        let cache_url = self.cache_url()?;
        let write = move || {
            this.publisher.write_release(&ReleaseContent {
                release: &release,
                previous: previous.as_ref(),
                tree: &tree,
                src_url: &src_url,
                binary_cache_url: &cache_url,
                outputs: &outputs,
                published: &published,
                notes: &notes,
                set_aside: &set_aside,
            })
        };
        blocking(write).await?;
        Ok(())
    }

    /// Tag and branch first, then the pointer, then the record: whoever sees the release can have
    /// its commit.
    pub(super) async fn publish(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        seq: ReleaseSeq,
    ) -> anyhow::Result<()> {
        let release = release(facts, seq)?.clone();
        let refs = PublishRefs {
            branch: channel.branch(),
            tag: release.name.clone(),
            rev: release.rev.clone(),
            remote: channel.push_to.clone(),
        };
        let mirror = self.mirror.clone();
        blocking(move || mirror.publish_refs(&refs)).await?;
        info!(target: PROGRESS, "tagged {}", release.name);
        let (this, of, name) = (
            Arc::clone(self),
            release.channel.clone(),
            release.name.clone(),
        );
        blocking(move || this.publisher.flip(&of, &name)).await?;
        self.store
            .publish(&release.channel, seq, self.now())
            .await?;
        Ok(())
    }
}

fn release(facts: &Facts, seq: ReleaseSeq) -> anyhow::Result<&Release> {
    let release = facts.releases.iter().find(|release| release.seq == seq);
    release.with_context(|| format!("no release {seq}"))
}

/// The release that clients had before this one.
fn previous(facts: &Facts, seq: ReleaseSeq) -> Option<&Release> {
    let earlier = facts.releases.iter().filter(|release| release.seq < seq);
    earlier
        .filter(|release| release.published_at().is_some())
        .max_by_key(|release| release.seq)
}

fn message(channel: &Channel, seq: ReleaseSeq, base: &Base, picks: &[ReleasedPick]) -> String {
    let name = &channel.policy.channel;
    let picks: String = picks
        .iter()
        .map(|pick| format!("Picket-PR: {}\n", pick.pr))
        .collect();
    let head = format!("{name}: release {seq} on {}\n", base.rev.short());
    if picks.is_empty() {
        head
    } else {
        format!("{head}\n{picks}")
    }
}

async fn upstream(cache: Option<&UpstreamCache>, closure: &[PathInfo]) -> anyhow::Result<Upstream> {
    let Some(cache) = cache else {
        return Ok(Upstream::none());
    };
    let list = match &cache.store_paths {
        Some(url) => StorePathList::fetch(url).await?,
        None => StorePathList::default(),
    };
    Ok(Upstream::find(&list, Some(&cache.url), closure).await?)
}

fn notes(facts: &Facts, release: &Release) -> BTreeMap<PrNumber, PickNote> {
    let candidates = release
        .picks
        .iter()
        .filter_map(|pick| facts.candidates.get(&pick.pr));
    candidates
        .map(|candidate| {
            let (title, advisories) = (candidate.title.clone(), candidate.advisories.clone());
            (candidate.pr, PickNote { title, advisories })
        })
        .collect()
}

/// Approved pull requests that are not in the release, each with the reason.
fn set_aside(facts: &Facts, now: picket_domain::Timestamp) -> Vec<SetAside> {
    let resolution = resolve(facts, now);
    let wanted = resolution
        .wanted
        .iter()
        .filter_map(|pick| facts.candidates.get(&pick.pr));
    wanted
        .filter_map(|candidate| match status(facts, &resolution, candidate) {
            aside @ (PickStatus::Conflict { .. }
            | PickStatus::Unavailable { .. }
            | PickStatus::BuildFailed { .. }) => Some(SetAside {
                pr: candidate.pr,
                reason: aside.reason(),
            }),
            _ => None,
        })
        .collect()
}
