//! What can go wrong that is not the change's fault.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::version::NixVersion;

/// Why evaluating or building could not be done: the machine's or its operator's doing.
///
/// What the evaluated or built revision itself does wrong is no error, but part of a
/// [`BuildReport`](picket_domain::BuildReport).
#[derive(Debug, Error)]
pub enum BuildError {
    /// A tool of Nix could not be started.
    #[error(
        "cannot run `{program}`: {error}. Install Nix (Debian: the package nix-bin) or set the \
         folder that its programs are in"
    )]
    NixMissing {
        /// The program, with its folder where one is configured.
        program: String,
        /// Why it could not be started.
        error: io::Error,
    },
    /// The tree asks for a newer Nix.
    #[error(
        "Nix {found} is too old: the tree's lib/minver.nix asks for {wanted} or newer. Install a \
         newer Nix, or point Picket at one"
    )]
    NixTooOld {
        /// The installed version.
        found: NixVersion,
        /// The oldest version that the tree works with.
        wanted: NixVersion,
    },
    /// A tool of Nix ran, and did something else than what it is known to do.
    #[error("`{program}` failed: {message}")]
    Nix {
        /// The program.
        program: String,
        /// What it said, bounded.
        message: String,
    },
    /// The Nix store cannot be used.
    #[error("the Nix store cannot be used: {message}")]
    Store {
        /// What Nix said, bounded.
        message: String,
    },
    /// A file or folder of the builder's own state, or of a tree, could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The configured job set cannot be meant.
    #[error("the configured job set is wrong: {0}")]
    JobSet(String),
    /// The base, which nobody's pick touched, does not evaluate.
    #[error("the base's job set does not evaluate: {error}")]
    Base {
        /// Nix's message, bounded.
        error: String,
    },
}

impl BuildError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }

    pub(crate) fn store(message: impl Into<String>) -> Self {
        Self::Store {
            message: message.into(),
        }
    }
}
