//! Looking again at the folders that clients are led to: what is damaged there is made again from the
//! mirror, and what cannot be is told.

use std::sync::Arc;

use picket_domain::{ChannelName, Release};
use picket_publisher::PublishError;
use tracing::info;

use crate::engine::{Engine, PROGRESS, blocking};
use crate::lane::Lane;

/// How closely it is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closely {
    /// Whether each file is there, with its length.
    AtNames,
    /// At every byte.
    AtBytes,
}

impl Engine {
    /// Looks at the current release of each channel, one by one: the damage of one keeps no other from
    /// being looked at.
    pub(crate) async fn look_at_published(&self, lane: &Lane, closely: Closely) {
        for channel in &self.channels {
            let name = channel.name();
            let step = format!("looking at what {name} publishes");
            lane.attempt(&step, self.look_at_current(name, closely))
                .await;
            let step = format!("comparing what {name} publishes with the database");
            lane.attempt(&step, self.compare_with_database(name)).await;
        }
    }

    async fn look_at_current(&self, channel: &ChannelName, closely: Closely) -> anyhow::Result<()> {
        let look = self.look(channel).await?;
        let Some(release) = look.facts().current_release() else {
            return Ok(());
        };
        if closely == Closely::AtNames && self.has_all_files(release).await {
            return Ok(());
        }
        if self.folder_problems(release).await?.is_empty() {
            return Ok(());
        }
        self.mend(release).await?;
        let problems = self.folder_problems(release).await?;
        if problems.is_empty() {
            return Ok(());
        }
        let name = release.name.clone();
        Err(PublishError::Incomplete { name, problems }.into())
    }

    async fn compare_with_database(&self, channel: &ChannelName) -> anyhow::Result<()> {
        let look = self.look(channel).await?;
        self.knows_what_is_out(look.facts()).await
    }

    /// Not where that cannot be told: then every byte is looked at.
    async fn has_all_files(&self, release: &Release) -> bool {
        let publisher = Arc::clone(&self.publisher);
        let (channel, name) = (release.channel.clone(), release.name.clone());
        blocking(move || publisher.has_all_files(&channel, &name))
            .await
            .unwrap_or_default()
    }

    async fn folder_problems(&self, release: &Release) -> anyhow::Result<Vec<String>> {
        let publisher = Arc::clone(&self.publisher);
        let (channel, name) = (release.channel.clone(), release.name.clone());
        blocking(move || publisher.folder_problems(&channel, &name)).await
    }

    async fn mend(&self, release: &Release) -> anyhow::Result<()> {
        let tree = self.tree(&release.channel, &release.rev).await?;
        let (publisher, release) = (Arc::clone(&self.publisher), release.clone());
        let name = release.name.clone();
        blocking(move || publisher.mend_folder(&release, tree.path())).await?;
        info!(target: PROGRESS, "made damaged files of {name} again");
        Ok(())
    }
}
