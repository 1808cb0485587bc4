//! What keeps an impact from being worked out.

use std::path::{Path, PathBuf};

/// The machine's, the repository's or Nix's fault; what the trees themselves do wrong is a finding.
#[derive(Debug, thiserror::Error)]
pub enum ImpactError {
    /// The repository cannot be read.
    #[error("cannot read the repository: {0}")]
    Git(#[from] git2::Error),
    /// A revision is not in the repository.
    #[error("{0:?} is no revision of the repository")]
    NoRevision(String),
    /// A file or folder cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Nix's programs cannot be started, or do not answer.
    #[error("Nix cannot evaluate: {0}")]
    Nix(String),
    /// The whole of a tree does not evaluate, so there is nothing to compare.
    #[error("the tree does not evaluate at all: {0}")]
    Tree(String),
    /// There is nothing to keep what the trees' authors wrote apart from this machine.
    #[error(
        "what nobody has approved is not evaluated here, since there is no sandbox: install \
         bubblewrap (Debian: the package bubblewrap; NixOS: pkgs.bubblewrap) and allow user \
         namespaces, or run a kernel with Landlock (6.7 or newer)"
    )]
    NoSandbox,
    /// Nobody waits for it any more.
    #[error("it was cancelled")]
    Cancelled,
    /// A derivation cannot be read as one.
    #[error("{path} is no derivation that can be read: {reason}")]
    Derivation {
        /// Which one.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Adds the path to an error of the file system.
pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> ImpactError {
    let path = path.to_owned();
    move |error| ImpactError::File { path, error }
}
