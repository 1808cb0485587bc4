//! The commits of earlier releases, which a lost mirror does not have any more.
//!
//! A release commit is a function of its tree, its parents and its message, and all of these are on
//! record: what no remote gives back is made again, and has to come out as the same commit.

use anyhow::{Context, ensure};
use picket_domain::{
    Assembly, Base, ChainSpec, ChannelName, Facts, Release, ReleaseSeq, ReleasedPick,
};
use picket_merger::Fetched;
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking};
use crate::settings::Channel;

/// The release that clients had before this one.
pub(super) fn previous(facts: &Facts, seq: ReleaseSeq) -> Option<&Release> {
    let mut newest_first = facts.releases.iter().rev();
    newest_first.find(|release| release.seq < seq && release.published_at().is_some())
}

pub(super) fn message(
    channel: &ChannelName,
    seq: ReleaseSeq,
    base: &Base,
    picks: &[ReleasedPick],
) -> String {
    let trailers = picks.iter().map(|pick| format!("Picket-PR: {}\n", pick.pr));
    let trailers: String = trailers.collect();
    let head = format!("{channel}: release {seq} on {}\n", base.rev.short());
    match picks {
        [] => head,
        [..] => format!("{head}\n{trailers}"),
    }
}

impl Engine {
    /// Makes sure that the mirror has a release's commit.
    pub(super) async fn restore(
        &self,
        channel: &Channel,
        facts: &Facts,
        wanted: &Release,
    ) -> anyhow::Result<()> {
        let mut lost = Vec::new();
        let mut at = Some(wanted);
        while let Some(release) = at {
            if self.has_commit(release).await? || self.fetch_back(channel, release).await? {
                break;
            }
            lost.push(release);
            at = previous(facts, release.seq);
        }
        for release in lost.into_iter().rev() {
            let again = self.make_again(facts, release);
            again
                .await
                .with_context(|| format!("{} cannot be made again", release.name))?;
            info!(target: PROGRESS, "made the commit of {} again", release.name);
        }
        Ok(())
    }

    async fn has_commit(&self, release: &Release) -> anyhow::Result<bool> {
        let (merger, rev) = (self.merger.clone(), release.rev.clone());
        blocking(move || merger.has_commit(&rev)).await
    }

    /// What cannot be fetched now is made again, whatever the reason.
    async fn fetch_back(&self, channel: &Channel, release: &Release) -> anyhow::Result<bool> {
        let Some(remote) = channel.push_to.clone() else {
            return Ok(false);
        };
        let (merger, tag, rev) = (
            self.merger.clone(),
            release.name.clone(),
            release.rev.clone(),
        );
        let fetched = blocking(move || merger.fetch_release(&remote, &tag, &rev)).await;
        match fetched {
            Ok(Fetched::Present) => {
                info!(target: PROGRESS, "fetched {} back from where it was pushed", release.name);
                Ok(true)
            }
            Ok(Fetched::Gone) => Ok(false),
            Err(error) => {
                tracing::warn!("{} cannot be fetched back: {error:#}", release.name);
                Ok(false)
            }
        }
    }

    async fn make_again(&self, facts: &Facts, release: &Release) -> anyhow::Result<()> {
        self.make_chain_again(facts, release).await?;
        let before = previous(facts, release.seq).map(|before| before.rev.clone());
        let message = message(&release.channel, release.seq, &release.base, &release.picks);
        let (merger, tip) = (self.merger.clone(), release.tip.clone());
        let made = move || merger.release_commit(before.as_ref(), &tip, &message);
        let made = blocking(made).await?;
        ensure!(made == release.rev, "it comes out as {}", made.short());
        Ok(())
    }

    async fn make_chain_again(&self, facts: &Facts, release: &Release) -> anyhow::Result<()> {
        let (merger, tip) = (self.merger.clone(), release.tip.clone());
        if blocking(move || merger.has_commit(&tip)).await? {
            return Ok(());
        }
        let chain = self.chain_of(release).await?;
        let (spec, _) = chain.context("its picks are not on record any more")?;
        self.assemble(facts, &spec).await
    }

    /// The chain that a release's tip is of, and what came of it; `None` where that is not on record.
    pub(super) async fn chain_of(
        &self,
        release: &Release,
    ) -> anyhow::Result<Option<(ChainSpec, Assembly)>> {
        let (channel, base) = (&release.channel, &release.base.rev);
        let chains = self.store.chains(channel, base).await?;
        Ok(chains.into_iter().find(|(_, assembly)| {
            let mut tips = assembly.applied().map(|(_, tip)| tip);
            tips.any(|tip| *tip == release.tip)
        }))
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{CommitSha, Form, PrNumber, Timestamp};

    use super::*;

    #[test]
    fn the_message_names_the_picks() {
        let rev = CommitSha::parse(&"a".repeat(40)).unwrap();
        let base = Base {
            rev: rev.clone(),
            rev_count: 1,
            version: "26.05".into(),
            committed_at: Timestamp::from_unix(0),
            seen_at: Timestamp::from_unix(0),
        };
        let channel = ChannelName::parse("nixos-26.05-sec").unwrap();
        let picks = [7, 3].map(|pr| ReleasedPick {
            pr: PrNumber(pr),
            head: rev.clone(),
            form: Form::AsIs,
        });
        let with = message(&channel, ReleaseSeq(2), &base, &picks);
        let short = base.rev.short();
        let expected =
            format!("nixos-26.05-sec: release 2 on {short}\n\nPicket-PR: 7\nPicket-PR: 3\n");
        assert_eq!(with, expected);
        let without = message(&channel, ReleaseSeq(2), &base, &[]);
        assert_eq!(without, format!("nixos-26.05-sec: release 2 on {short}\n"));
    }
}
