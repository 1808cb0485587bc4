//! Why a signer cannot begin.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a signer cannot begin.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It has no key.
    #[error("no signing key: name one with --key")]
    NoKey,
    /// Two keys have one name: clients could not tell their signatures apart.
    #[error("there are two keys {0}: name each once")]
    TwoKeys(String),
    /// Another signer works in its folder.
    #[error("another signer works in {0}: stop that one, or name another folder with --state")]
    Busy(PathBuf),
    /// A file of its folder cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file of its folder is not what a signer wrote.
    #[error(
        "{path} is not what a signer wrote: {reason}; restore it from a backup: without it numbers \
         and store paths could be signed a second time with another content"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Says which file an I/O error is about.
pub(crate) trait AtPath<T> {
    fn at(self, path: &Path) -> Result<T, OpenError>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, OpenError> {
        self.map_err(|error| OpenError::Io {
            path: path.to_owned(),
            error,
        })
    }
}
