//! What Nix clients get: the channels' redirects, releases and the binary cache.
//!
//! One mutable address a channel, which redirects to immutable ones; the pointer is read once a
//! request, so that everything a client then fetches belongs to one release. Queries are ignored,
//! as Nix's protocol for lockable tarballs asks, and nothing is ever sent with a
//! `Content-Encoding`: Nix would store it decoded under the wrong hash.

mod cache;
mod channel;
mod condition;
mod content;
mod log;
mod release;
mod serve;
mod small;

pub(crate) use cache::{cache_file, nar};
pub(crate) use channel::{channel, channel_file};
pub(crate) use condition::has_already;
pub(crate) use log::{log_checkpoint, log_tile};
pub(crate) use release::{release, release_file};
pub(crate) use serve::missing;
pub use small::SmallFiles;
