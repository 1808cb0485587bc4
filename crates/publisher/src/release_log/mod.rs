//! The release log: every release that a channel of this service was led to, in one order that everybody
//! sees.
//!
//! The folder `release-log` of the public folder holds the files of `picket-releaselog`, and one that is
//! not served: `.entries`, an entry a line, in which the log's truth is. Everything else comes out of it.
//! What is written is written in this order, each durable before the next: the channel's history, which
//! says that the release is not made again; `.entries`; the tiles; the checkpoint, once it is signed; and
//! then the pointer. Killed anywhere in between, the next one to look goes on where it ended: an entry
//! that is in `.entries` stays where it is, whether or not anybody signed it yet.

mod checkpoint;
mod enter;
mod file;
mod keep;
mod record;

pub(crate) use checkpoint::read_signed;
pub use file::LogFile;
pub use keep::LookAtLog;
pub(crate) use record::BUNDLE_MAX;
