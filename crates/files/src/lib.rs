//! Files as a service that may be killed at any instruction needs them.
//!
//! - [`write_whole`] and [`create_whole`]: a file is there whole or not at all, and stays there
//!   after a power cut. [`Draft`] is the same for a folder.
//! - [`WorkLock`]: who works in a folder. A killed process holds no lock; what it left half written
//!   has a name that means nothing to anybody, and the next one removes it.
//! - [`read_bounded`]: a file that another wrote is never longer in memory than it may be.
//! - [`free_space`]: how much a folder's disk has left.
//!
//! Everything here blocks: async code calls it on a thread of its own.

mod draft;
mod lock;
mod read;
mod remove;
mod space;
mod whole;

pub use draft::Draft;
pub use lock::WorkLock;
pub use read::read_bounded;
pub use remove::{remove_dir, remove_file, remove_leftovers};
pub use space::{Space, free_space};
pub use whole::{
    TEMPORARY, create_whole, sync_dir, sync_parent, temporary_file, write_private, write_whole,
};
