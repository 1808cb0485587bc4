//! Trees: how two differ, what must not be in them, as pages, and as folders.

mod changes;
mod diff;
mod export;
mod guard;

pub use changes::{Change, MAX_FILES, changes, differs_at, entry_at, file_mode};
pub use diff::{Diff, FileDiff, Hunk, Line, LineKind};
pub use guard::{markers_in, new_markers, unwritable_path};

pub(crate) use diff::{diff, patch};
pub(crate) use export::export;
