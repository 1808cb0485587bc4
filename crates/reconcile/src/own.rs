//! Patches of the team's own: their commits, which no other side has.

use anyhow::Context;
use picket_domain::{CommitSha, PrNumber};
use picket_merger::Fetched;

use crate::engine::{Engine, blocking};

impl Engine {
    /// Has the mirror hold an own patch at this head: it is made again from its mails where the mirror
    /// was lost, and where Picket was killed between writing it down and keeping it.
    pub(crate) async fn make_own(&self, pr: PrNumber, head: &CommitSha) -> anyhow::Result<Fetched> {
        let Some(origin) = self.store.origin_of(pr, head).await? else {
            return Ok(Fetched::Gone);
        };
        let mut contents = self.contents([&origin.mails].into_iter()).await?;
        let mails = contents.remove(&origin.mails).context("it was asked for")?;
        let (merger, head) = (self.merger.clone(), head.clone());
        blocking(move || {
            if merger.is_kept(pr, &head)? {
                return Ok(Fetched::Present);
            }
            let made = merger.apply_mails(&origin.onto, &mails)?.head;
            if made != head {
                anyhow::bail!("the mails of {pr} came to {head} once, and come to {made} now");
            }
            merger.keep_own(pr, &head)?;
            Ok(Fetched::Present)
        })
        .await
    }
}
