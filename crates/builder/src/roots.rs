//! Roots of the garbage collector: what a revision's release needs stays in the store until it is
//! published.
//!
//! `<state folder>/gcroots/<revision>/<name>` are symlinks into the store, registered through
//! the daemon. A link made behind its back could come too late for a collector that runs.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use picket_domain::{CommitSha, StorePath};
use tokio::task::spawn_blocking;

use crate::daemon::Daemon;
use crate::error::BuildError;
use crate::files::remove_dir;

/// The folder of roots.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    dir: PathBuf,
}

impl Roots {
    pub(crate) fn new(state_dir: &Path) -> Self {
        Self {
            dir: state_dir.join("gcroots"),
        }
    }

    /// Makes roots of paths for a revision, those that are still to be built included.
    pub(crate) async fn add(
        &self,
        daemon: &mut Daemon,
        rev: &CommitSha,
        paths: Vec<StorePath>,
    ) -> Result<(), BuildError> {
        let dir = self.dir.join(rev.as_str());
        let made = spawn_blocking(move || make_links(&dir, &paths)).await;
        let links = made.map_err(io::Error::other).flatten();
        let links = links.map_err(BuildError::file(&self.dir))?;
        if let Err(error) = daemon.add_indirect_roots(&links).await {
            return Err(daemon.store_error(error).await);
        }
        Ok(())
    }

    /// Lets go of everything that was kept for a revision.
    pub(crate) fn forget(&self, rev: &CommitSha) -> io::Result<()> {
        remove_dir(&self.dir.join(rev.as_str()))
    }
}

/// Makes a link to each path, and hands back where they are.
fn make_links(dir: &Path, paths: &[StorePath]) -> io::Result<Vec<String>> {
    fs::create_dir_all(dir)?;
    let link = |path: &StorePath| {
        let link = dir.join(path.base_name());
        make_link(path, &link)?;
        Ok(link.to_string_lossy().into_owned())
    };
    paths.iter().map(link).collect()
}

/// The link's name holds the path's hash, so one that is there already leads to the same path,
/// unless it was made with another store.
fn make_link(path: &StorePath, link: &Path) -> io::Result<()> {
    match fs::read_link(link) {
        Ok(target) if target.as_os_str() == path.as_str() => return Ok(()),
        Ok(_) => fs::remove_file(link)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    symlink(path.as_str(), link)
}
