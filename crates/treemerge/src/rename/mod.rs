//! Which files a side renamed: of those it removed, which of those it added are they?
//!
//! First the same content, then the same base name with much of the content, then whichever is
//! most alike by half or more. Only files that matter are looked for: those that the other side
//! changed, and those that tell where a directory went.

mod alike;
mod directories;
mod files;
mod guess;
mod path;
mod search;
mod side;

pub(crate) use directories::directory_conflicts;
pub(crate) use search::{RENAME_LIMIT, detect};
pub(crate) use side::{Change, SideRenames};
