//! A release that clients are led to and that the database does not know: the database is a copy of
//! before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use picket_domain::{Facts, PickStatus, PrNumber, ReleasedPick, resolve, status};
use picket_publisher::Manifest;

use crate::engine::{Engine, blocking, now};

impl Engine {
    /// # Errors
    /// Where the database lacks the release that clients are led to.
    pub(crate) async fn knows_what_is_out(&self, facts: &Facts) -> anyhow::Result<()> {
        match self.unknown_release(facts).await? {
            None => Ok(()),
            Some(out) => bail!(
                "clients are led to {}, which the database does not know: it was restored from a copy \
                 of before. Restore a newer one, or decide again about what that release has",
                out.name
            ),
        }
    }

    /// # Errors
    /// Where a release with these picks would take a fix from servers that the database does not know
    /// to be out, and that nobody decided against.
    pub(super) async fn takes_nothing_away(
        &self,
        facts: &Facts,
        picks: &[ReleasedPick],
    ) -> anyhow::Result<()> {
        let Some(out) = self.unknown_release(facts).await? else {
            return Ok(());
        };
        let resolution = resolve(facts, now());
        let is_meant = |pr: PrNumber| {
            let candidate = facts.candidates.get(&pr);
            candidate.is_some_and(|it| is_over(&status(facts, &resolution, it)))
        };
        let kept: BTreeSet<_> = picks.iter().map(|it| it.pr).collect();
        let lost = out.picks.iter().map(|it| it.pr);
        let lost = lost.filter(|pr| !kept.contains(pr) && !is_meant(*pr));
        let lost: Vec<_> = lost.map(|pr| format!("#{pr}")).collect();
        if lost.is_empty() {
            return Ok(());
        }
        bail!(
            "clients are led to {}, which the database does not know, and this release would take from \
             servers what that one has: {}. Restore a newer database, or approve or veto them again",
            out.name,
            lost.join(", ")
        )
    }

    /// The manifest of the release that clients are led to, where its number is above all that the
    /// database knows.
    async fn unknown_release(&self, facts: &Facts) -> anyhow::Result<Option<Manifest>> {
        let publisher = Arc::clone(&self.publisher);
        let channel = facts.policy.channel.clone();
        let newest = facts.releases.iter().map(|it| it.seq).max();
        blocking(move || {
            let dir = publisher.dir();
            let out = dir.current_release(&channel)?;
            let Some(out) = out.filter(|it| Some(it.seq) > newest) else {
                return Ok(None);
            };
            dir.manifest(&channel, &out.name)
        })
        .await
    }
}

/// Whether a fix that is not in a release is missed there: it is in what the release stands on, or a
/// person decided against it.
fn is_over(status: &PickStatus) -> bool {
    match status {
        PickStatus::Superseded { .. }
        | PickStatus::InBase
        | PickStatus::InOtherPick
        | PickStatus::ResolvedAway
        | PickStatus::Vetoed { .. }
        | PickStatus::Dismissed { .. } => true,
        PickStatus::PutOff { .. }
        | PickStatus::AwaitingApproval { .. }
        | PickStatus::Conflict { .. }
        | PickStatus::Disputed { .. }
        | PickStatus::Unavailable { .. }
        | PickStatus::Stale { .. }
        | PickStatus::BuildFailed { .. }
        | PickStatus::BuildCancelled { .. }
        | PickStatus::GivenUp { .. }
        | PickStatus::NoMachine { .. }
        | PickStatus::Assembling
        | PickStatus::Building { .. }
        | PickStatus::Retrying { .. }
        | PickStatus::Releasing
        | PickStatus::Released { .. } => false,
    }
}
