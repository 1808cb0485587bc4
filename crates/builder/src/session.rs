//! What one run of the builder stands on: Nix as it is now, and a connection to its store.

use picket_nix::{Installed, Nix, Settings};

use crate::daemon::Daemon;
use crate::error::BuildError;
use crate::limits::Limits;

/// Nix was asked what it is, and a connection is open.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) installed: Installed,
    pub(crate) settings: Settings,
    pub(crate) daemon: Daemon,
}

impl Session {
    pub(crate) async fn open(nix: &Nix, limits: &Limits) -> Result<Self, BuildError> {
        let installed = nix.installed().await?;
        let settings = nix.settings(&installed.version).await?;
        let daemon = Daemon::start(nix, &settings, limits).await?;
        Ok(Self {
            installed,
            settings,
            daemon,
        })
    }
}
