//! What one run of the builder stands on: Nix as it is now, and a connection to its store.

use std::path::Path;

use tokio::fs;

use crate::daemon::Daemon;
use crate::error::BuildError;
use crate::evaluation::Evaluator;
use crate::limits::Limits;
use crate::nix::Nix;
use crate::version::{NixVersion, minver_literal};

/// Nix was asked what it is, and a connection is open.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) version: NixVersion,
    pub(crate) store_dir: String,
    pub(crate) daemon: Daemon,
}

impl Session {
    pub(crate) async fn open(nix: &Nix, limits: &Limits) -> Result<Self, BuildError> {
        let (version, store_dir) = tokio::try_join!(nix.version(), nix.store_dir())?;
        let settings = nix.settings(&version).await?;
        let daemon = Daemon::start(nix, settings, limits).await?;
        Ok(Self {
            version,
            store_dir,
            daemon,
        })
    }

    pub(crate) fn evaluator<'a>(&'a self, nix: &'a Nix, limits: &'a Limits) -> Evaluator<'a> {
        Evaluator {
            nix,
            limits,
            store_dir: &self.store_dir,
        }
    }
}

/// Checks that a tree works with this version of Nix.
pub(crate) async fn check_version(found: &NixVersion, tree: &Path) -> Result<(), BuildError> {
    let file = tree.join("lib/minver.nix");
    let nix = match fs::read_to_string(&file).await {
        Ok(nix) => nix,
        // Trees that say nothing ask for nothing.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BuildError::file(&file)(error)),
    };
    let Some(wanted) = minver_literal(&nix) else {
        tracing::warn!(file = %file.display(), "not a version in quotes: the tree's own check decides");
        return Ok(());
    };
    if found.is_at_least(&wanted) {
        return Ok(());
    }
    Err(BuildError::NixTooOld {
        found: found.clone(),
        wanted,
    })
}
