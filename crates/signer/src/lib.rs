//! Picket's signer: a process of its own that holds the keys, and the client that asks it.
//!
//! The service that assembles, builds and serves has no key. It asks for signatures over a Unix socket,
//! and gets them for four things alone: a store path, a release, a statement of which release is
//! the current one, and a checkpoint of the log of releases. The signer looks at each before it signs:
//!
//! - A *store path* is a fingerprint as Nix makes it, in the store folder that it was told; and no path
//!   is signed with another content than the one that it had before.
//! - A *release* is a `release.json` byte for byte as Picket writes it, of a channel that it was told.
//!   Its number is higher than every one before; or it is the very release that has the number. It tells
//!   clients of no key that is not the signer's, and of no path with another content than was signed.
//! - A *statement* is a `latest.json` as Picket writes it. It names a release that the signer signed, by
//!   its hash, never one before the release that was stated last, and soon expires. Once there is a release log, the release is in it.
//! - A *checkpoint* of the release log is the signer's own: it is given the entries, which it keeps, and
//!   which only ever become more. No entry says anything else of a release than what was signed.
//!
//! What is in its [folder](Signer::open) is written before a signature leaves: killed in between, the
//! same question gets the same answer. What the signer cannot know is whether the team approved what is
//! in a release; `docs/architecture.md` says what follows from that.
//!
//! The [`protocol`] has four questions and no fifth. Whether somebody may ask is the
//! socket's mode: who may write to it may.

mod client;
#[cfg(test)]
mod fixtures;
mod form;
mod journal;
mod known_log;
mod known_paths;
mod ledger;
mod open_error;
pub mod protocol;
mod rules;
mod server;
mod signer;
mod socket;
mod state;

pub use client::{Client, ClientError};
pub use open_error::OpenError;
pub use rules::Rules;
pub use server::{Limits, serve};
pub use signer::Signer;
pub use socket::{SocketError, listen};
