//! Picket's channel publisher: what turns a built tree into a channel that Nix clients use.
//!
//! It writes one folder, the public one, which any web server can hand out as it is:
//!
//! ```text
//! releases/<channel>/<release>/    immutable: archives, revision, store paths, signed manifest
//! channels/<channel>               a symbolic link to the current release: the one pointer
//! cache/                           narinfos and NARs that upstream's binary cache does not have
//! ```
//!
//! Everything a release needs is there before the pointer moves, and nothing that clients may
//! have seen changes. The order is: [`Publisher::publish_paths`], [`Publisher::write_release`],
//! [`Publisher::check`], [`Publisher::flip`]. [`verify()`] looks at the result as a stranger does.

mod cache;
mod cache_file;
mod check;
mod error;
mod files;
mod http;
mod key;
mod key_file;
mod lock;
mod manifest;
mod nar;
mod narinfo;
mod order;
mod page;
mod parallel;
mod pointer;
mod public_dir;
mod publisher;
mod release;
mod release_file;
mod source;
mod tarball;
mod tree;
mod upstream;
mod verify;

pub use cache::PublishedPaths;
pub use cache_file::{CacheFile, HashPart};
pub use error::PublishError;
pub use key::{KeyError, KeyName, PublicKey, SecretKey, Signature};
pub use key_file::KeyFileError;
pub use manifest::{
    FileDigest, Manifest, ManifestBase, ManifestPick, PublishedPath, SetAside, immutable_link,
};
pub use public_dir::PublicDir;
pub use publisher::{CacheSettings, Publisher, StoreRoot};
pub use release::{PickNote, ReleaseContent};
pub use release_file::ReleaseFile;
pub use upstream::{StorePathList, Upstream};
pub use verify::{VerifyReport, verify};
