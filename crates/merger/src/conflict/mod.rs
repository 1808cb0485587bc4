//! Conflicts: as they are shown to people, and as people pushed them resolved.

mod pushed;
pub(crate) mod shown;

pub use pushed::{MAX_RESOLVED_FILE, PushedResolution};
pub use shown::{ConflictedFile, ConflictedPick};
