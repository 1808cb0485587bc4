//! Writing a release, checking it, and sealing it. Nobody sees anything of it before that.

use std::sync::Arc;

use anyhow::{bail, ensure};
use picket_builder::Revision;
use picket_domain::{
    BuildReport, BuildState, ChannelName, Facts, PathInfo, Release, ReleaseName, StorePath,
};
use picket_publisher::{CheckError, PublishedPaths, ReleaseContent, Upstream};
use picket_store::{Grounds, Sealing};
use tracing::info;
use url::Url;

use super::content::{notes, odd_jobs, set_aside};
use super::history::previous;
use crate::engine::{Engine, PROGRESS, blocking, now};
use crate::settings::Channel;

/// What a release's outputs need, as it is in the binary cache.
struct Cached {
    /// Those of its jobs that are known to be had.
    outputs: Vec<StorePath>,
    closure: Arc<Vec<PathInfo>>,
    published: PublishedPaths,
}

impl Engine {
    /// Writes the release's store paths and files, checks all of them, and seals it, unless somebody
    /// has decided about its picks meanwhile, or has left the team.
    pub(super) async fn stage(
        self: &Arc<Self>,
        channel: &Channel,
        release: &Release,
    ) -> anyhow::Result<()> {
        // The facts that the seal stands on are those from before the work, not after it.
        let look = self.look(channel.name()).await?;
        self.write_and_check(channel, look.facts(), release).await?;
        let grounds = Grounds {
            read_to: look.facts().log.last().map_or(0, |entry| entry.seq),
            rules: channel.policy.digest(),
            team: look.facts().team.digest(),
        };
        let sealing = self
            .store
            .seal(channel.name(), release.seq, now(), &grounds);
        match sealing.await? {
            Sealing::Sealed(_) => Ok(()),
            Sealing::Decided { pr } => {
                info!(
                    target: PROGRESS,
                    "{} is not sealed: somebody has decided about #{pr}", release.name
                );
                Ok(())
            }
            Sealing::OtherTeam => {
                info!(
                    target: PROGRESS,
                    "{} is not sealed yet: the team is another one by now", release.name
                );
                Ok(())
            }
            Sealing::OtherRules => bail!(
                "another picket has given this channel other rules: this one releases nothing any \
                 more. Stop one of the two"
            ),
        }
    }

    /// Writes all of a release where nobody sees it, and checks it.
    pub(super) async fn write_and_check(
        self: &Arc<Self>,
        channel: &Channel,
        facts: &Facts,
        release: &Release,
    ) -> anyhow::Result<()> {
        let outputs = self.outputs(channel, release).await?;
        let mut cached = self.publish_outputs_of(channel, outputs).await?;
        let of_upstream = self.unchanged_outputs(channel, release).await?;
        cached.outputs.extend(of_upstream);
        self.write_release(facts, release, &cached).await?;
        let engine = Arc::clone(self);
        let (of, name) = (release.channel.clone(), release.name.clone());
        blocking(move || engine.check_or_repair(&of, &name, &cached.closure)).await
    }

    /// What is damaged in the binary cache is made again from the store, once.
    fn check_or_repair(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        closure: &[PathInfo],
    ) -> anyhow::Result<()> {
        match self.publisher.check_staged(channel, name, now()) {
            Err(CheckError::Incomplete(problems)) if problems.others.is_empty() => {
                let paths: Vec<_> = problems.repairable.into_keys().collect();
                self.publisher.repair(&paths, closure)?;
                Ok(self.publisher.check_staged(channel, name, now())?)
            }
            checked => Ok(checked?),
        }
    }

    /// The outputs of the jobs in which a release differs from its base. Without a build that passes
    /// there is nothing to release: clients would have to build it themselves.
    async fn outputs(
        &self,
        channel: &Channel,
        release: &Release,
    ) -> anyhow::Result<Vec<StorePath>> {
        if release.tip == release.base.rev {
            return Ok(Vec::new());
        }
        let look = self.look(channel.name()).await?;
        let facts = look.facts();
        let state = facts.build_state(&release.tip, &facts.under_way, now());
        let BuildState::Passed { attempt, .. } = state else {
            bail!("there is no build of {} that passes", release.tip.short());
        };
        let (of, base) = (channel.name(), &release.base.rev);
        let report = self
            .store
            .report(of, base, &release.tip, attempt.number)
            .await?;
        let outputs = report.as_ref().map(BuildReport::built_outputs);
        ensure!(
            outputs.is_some(),
            "the report of {} is gone",
            release.tip.short()
        );
        Ok(outputs.unwrap_or_default())
    }

    /// The outputs of the release's jobs that upstream is known to have: for those that do not differ
    /// from the base's. What they are is known from the evaluation that the build made; a release does not
    /// wait for another one.
    async fn unchanged_outputs(
        &self,
        channel: &Channel,
        release: &Release,
    ) -> anyhow::Result<Vec<StorePath>> {
        let Some(cache) = &channel.upstream_cache else {
            return Ok(Vec::new());
        };
        let revision = Revision {
            rev: release.tip.clone(),
            tree: self.dirs.tree(channel.name(), &release.tip),
        };
        let outputs = self.builder.known_outputs(&revision, &channel.jobs).await?;
        let known = self
            .publisher
            .known_upstream(cache, outputs.unwrap_or_default(), now());
        Ok(known.await?)
    }

    /// Puts outputs and all that they need into the binary cache.
    pub(crate) async fn publish_outputs(
        &self,
        channel: &Channel,
        outputs: &[StorePath],
    ) -> anyhow::Result<(Arc<Vec<PathInfo>>, PublishedPaths)> {
        let closure = Arc::new(self.builder.closure(outputs).await?);
        let upstream = match &channel.upstream_cache {
            Some(cache) => self.publisher.upstream(cache, &closure, now()).await?,
            None => Upstream::none(),
        };
        let (publisher, paths) = (Arc::clone(&self.publisher), Arc::clone(&closure));
        let published = blocking(move || publisher.publish_paths(&paths, &upstream)).await?;
        Ok((closure, published))
    }

    async fn publish_outputs_of(
        &self,
        channel: &Channel,
        outputs: Vec<StorePath>,
    ) -> anyhow::Result<Cached> {
        let (closure, published) = self.publish_outputs(channel, &outputs).await?;
        Ok(Cached {
            outputs,
            closure,
            published,
        })
    }

    async fn write_release(
        &self,
        facts: &Facts,
        release: &Release,
        cached: &Cached,
    ) -> anyhow::Result<()> {
        let tree = self.tree(&release.channel, &release.rev).await?;
        let previous = previous(facts, release.seq).map(|release| release.name.clone());
        let chain = self.chain_of(release).await?;
        let notes = notes(facts, release, chain.as_ref());
        let set_aside = set_aside(facts, release, now());
        let odd_jobs = odd_jobs(facts, release, now());
        let src_url = self.address(&format!("channels/{}", release.channel))?;
        let cache_url = self.address("cache")?;
        let (publisher, release) = (Arc::clone(&self.publisher), release.clone());
        let (outputs, published) = (cached.outputs.clone(), cached.published.clone());
        blocking(move || {
            publisher.stage_release(&ReleaseContent {
                release: &release,
                previous: previous.as_ref(),
                tree: tree.path(),
                src_url: &src_url,
                binary_cache_url: &cache_url,
                outputs: &outputs,
                published: &published,
                notes: &notes,
                set_aside: &set_aside,
                odd_jobs: &odd_jobs,
            })
        })
        .await?;
        Ok(())
    }

    /// An address on this server.
    pub(super) fn address(&self, path: &str) -> anyhow::Result<Url> {
        address(&self.base_url, path)
    }
}

/// An address below the server's own, whose path, that of a reverse proxy, stays before it.
fn address(base_url: &Url, path: &str) -> anyhow::Result<Url> {
    let base = base_url.as_str().trim_end_matches('/');
    Ok(Url::parse(&format!("{base}/{path}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_below_the_servers_own() {
        for (base, cache) in [
            ("https://sec.example", "https://sec.example/cache"),
            (
                "https://sec.example/picket",
                "https://sec.example/picket/cache",
            ),
            ("https://sec.example/a/b/", "https://sec.example/a/b/cache"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(address(&base, "cache").unwrap().as_str(), cache);
        }
    }
}
