//! What can go wrong that is not the revision's fault.

use std::io;
use std::path::{Path, PathBuf};

use picket_nix::NixError;
use thiserror::Error;

/// Why evaluating could not be done: the machine's or its operator's doing.
///
/// What the revision itself does wrong is no error, but an [`Evaluation`](crate::Evaluation).
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A program of Nix gave no answer.
    #[error(transparent)]
    Nix(#[from] NixError),
    /// A file or folder of the evaluator's own state, or of a tree, could not be read or written.
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
    /// Nobody vouches for the revision, and there is nothing to keep it apart from the machine.
    #[error(
        "what nobody has approved is not evaluated here, since there is no sandbox: install \
         bubblewrap (Debian: the package bubblewrap; NixOS: pkgs.bubblewrap) and allow user \
         namespaces, or run a kernel with Landlock (6.7 or newer). `nix.evaluate_unsandboxed = \
         true` goes without, at the risk that a pull request reads what Picket can read"
    )]
    NoSandbox,
}

impl EvaluateError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }
}
