//! What can go wrong while publishing.

use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{ReleaseName, Sha256, StorePath};
use thiserror::Error;

use crate::sign::SignError;

/// Why something was not published. Nothing that clients see has changed then.
#[derive(Debug, Error)]
pub enum PublishError {
    /// A file or folder cannot be read or written: the disk is full, a permission is missing.
    #[error("{path}: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The publisher was set up so that nobody could check what it publishes.
    #[error(
        "no signing key: an unsigned narinfo is refused, and remembered for 30 days, by clients"
    )]
    NoKey,
    /// A store path is not in the store that the cache is for.
    #[error("{path} is not in {store_dir}, the store that the binary cache is for")]
    ForeignStore {
        /// The path.
        path: StorePath,
        /// The cache's store folder.
        store_dir: String,
    },
    /// A store path's content is not what Nix recorded when it was built.
    #[error(
        "{path} is damaged or was tampered with: its NAR hash is {found}, the Nix store recorded \
         {recorded}; run: nix-store --repair-path {path}"
    )]
    Corrupt {
        /// The path.
        path: StorePath,
        /// The hash in Nix's database.
        recorded: Sha256,
        /// The hash of what is there.
        found: Sha256,
    },
    /// The path was published before with another content. Clients have the first one.
    #[error(
        "{path} was published before with another {differs}: its build is not reproducible; \
         the first one is kept, so fetch it from the cache instead of building it again"
    )]
    NotReproducible {
        /// The path.
        path: StorePath,
        /// What differs: `content`, `references` or `name`.
        differs: &'static str,
    },
    /// A published file is not what Picket wrote.
    #[error(
        "{path} is not what was published: {reason}; restore it, or remove it to have it written again"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A reference could not be had from our cache nor from upstream's.
    #[error(
        "{path} refers to {reference}, which is neither upstream's nor among the paths to publish: \
         clients could not install it"
    )]
    MissingReference {
        /// The path.
        path: StorePath,
        /// What it refers to.
        reference: StorePath,
    },
    /// Paths refer to each other in a circle, which no Nix store contains.
    #[error("{0} refers to itself through other paths")]
    Cycle(StorePath),
    /// A path's metadata does not make a narinfo.
    #[error("{path} has metadata that no narinfo can carry: {reason}")]
    Metadata {
        /// The path.
        path: StorePath,
        /// What is wrong.
        reason: String,
    },
    /// The tree cannot be packed as a channel.
    #[error("the tree cannot be published: {0}")]
    Tree(String),
    /// The release's folder is there with another content. Releases never change.
    #[error(
        "the release {name} exists with another {differs}; releases never change: give this one a \
         new sequence number"
    )]
    ReleaseExists {
        /// The release.
        name: ReleaseName,
        /// The first thing that differs.
        differs: String,
    },
    /// Something that the release needs cannot be had.
    #[error("the release {name} is not complete: {}", list(.problems))]
    Incomplete {
        /// The release.
        name: ReleaseName,
        /// What is missing or wrong, one sentence each.
        problems: Vec<String>,
    },
    /// The release was not staged, or what was staged is gone.
    #[error("the release {0} is not staged")]
    NotStaged(ReleaseName),
    /// The channel's clients get the release, or got it: it is not given up any more.
    #[error("the release {0} is or was its channel's current one: it can only be withdrawn")]
    WasCurrent(ReleaseName),
    /// The channel's clients get the release now.
    #[error("the release {0} is its channel's current one: publish another one first")]
    IsCurrent(ReleaseName),
    /// A store path that is to be made again is not among those that the Nix store was asked for.
    #[error("{0} cannot be repaired: the Nix store was not asked for it")]
    CannotRepair(StorePath),
    /// The channel is at a later release already.
    #[error("the channel is at {current} already and never goes back to {name}: publish a new one")]
    Backwards {
        /// The release that it should have gone to.
        name: ReleaseName,
        /// The release that it is at.
        current: ReleaseName,
    },
    /// Clients were led to a later release than the pointer leads to now, or to another one of that
    /// number.
    #[error(
        "the channel's pointer leads to {name}, and clients were led to {seen} before: it was moved \
         back, and nobody vouches for where it is now"
    )]
    PointerWentBack {
        /// The release that the pointer leads to.
        name: ReleaseName,
        /// The one that clients were led to.
        seen: ReleaseName,
    },
    /// The release log cannot go on: what is to be written is not what was signed.
    #[error("the release log cannot go on: {reason}")]
    ReleaseLog {
        /// What is in its way, and what to do.
        reason: String,
    },
    /// Something was not signed. A later try may go through.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Upstream could not be asked, which does not mean that it has nothing.
    #[error("upstream at {url}: {reason}")]
    Upstream {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
}

impl PublishError {
    /// The store path that no binary cache can carry, whoever tries: what it was built from is at fault.
    pub fn unfit(&self) -> Option<&StorePath> {
        match self {
            Self::Metadata { path, .. } => Some(path),
            Self::Io { .. }
            | Self::NoKey
            | Self::ForeignStore { .. }
            | Self::Corrupt { .. }
            | Self::NotReproducible { .. }
            | Self::Damaged { .. }
            | Self::MissingReference { .. }
            | Self::Cycle(_)
            | Self::Tree(_)
            | Self::ReleaseExists { .. }
            | Self::Incomplete { .. }
            | Self::NotStaged(_)
            | Self::WasCurrent(_)
            | Self::IsCurrent(_)
            | Self::CannotRepair(_)
            | Self::Backwards { .. }
            | Self::PointerWentBack { .. }
            | Self::ReleaseLog { .. }
            | Self::Sign(_)
            | Self::Upstream { .. } => None,
        }
    }
}

/// At most five of them; the rest is counted.
pub(crate) fn list(problems: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = problems.iter().take(SHOWN).cloned().collect::<Vec<_>>();
    match problems.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// Says which file an I/O error is about.
pub(crate) trait AtPath<T> {
    fn at(self, path: &Path) -> Result<T, PublishError>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, PublishError> {
        self.map_err(|error| PublishError::Io {
            path: path.to_owned(),
            error,
        })
    }
}
