//! Whether the disks have room, and what is told of it.

use std::path::PathBuf;

use anyhow::anyhow;
use picket_domain::{DiskShort, Timestamp};
use picket_files::free_space;

use crate::engine::{Engine, now};

impl Engine {
    /// Looks at the disks: nothing new is built or released while one runs short, and each channel
    /// says so.
    ///
    /// # Errors
    /// Says how much is free and how much is asked for.
    pub(crate) async fn look_at_disks(&self) -> anyhow::Result<()> {
        let short = self.short_disk(now()).await?;
        for channel in &self.channels {
            let name = channel.name();
            let look = self.look(name).await?;
            let known = look.facts().machine.disk.as_ref();
            if known.is_some() || short.is_some() {
                let since = known.map(|disk| disk.since);
                let disk = short.clone().map(|disk| DiskShort {
                    since: since.unwrap_or(disk.since),
                    ..disk
                });
                self.on_machine(name, |machine| machine.disk = disk).await;
            }
        }
        match short {
            None => Ok(()),
            Some(disk) => Err(anyhow!(
                "the disk of {} runs short: {} MiB are free, and retention.minimum_free_gib asks \
                 for {} MiB. Nothing is built or released until there is room: free some, or keep less",
                disk.folder,
                disk.free_bytes >> 20,
                disk.wanted_bytes >> 20,
            )),
        }
    }

    /// The first disk with less room than the configuration asks for: that of the data folder, and
    /// that of the Nix store.
    async fn short_disk(&self, at: Timestamp) -> anyhow::Result<Option<DiskShort>> {
        let wanted_bytes = self.retention.minimum_free_bytes;
        for folder in [Some(self.dirs.root().to_owned()), self.store_dir().await] {
            let Some(folder) = folder else { continue };
            let free_bytes = free_space(&folder)?.free;
            if free_bytes < wanted_bytes {
                return Ok(Some(DiskShort {
                    folder: folder.display().to_string(),
                    since: at,
                    free_bytes,
                    wanted_bytes,
                }));
            }
        }
        Ok(None)
    }

    /// The Nix store's folder; `None` where Nix cannot be asked, or never made it.
    async fn store_dir(&self) -> Option<PathBuf> {
        let store_dir = &self.shared.store_dir;
        let asked = store_dir.get_or_try_init(|| self.builder.nix().store_dir());
        let dir = PathBuf::from(asked.await.ok()?);
        dir.is_dir().then_some(dir)
    }
}
