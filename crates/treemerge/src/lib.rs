#![doc = include_str!("../README.md")]

mod attributes;
mod commit;
mod conflict;
mod drivers;
mod id;
mod kind;
mod location;
mod merge;
mod objects;
mod options;
mod order;
mod rename;
mod report;
mod repository;
mod resolve;
mod similarity;
mod stop;
pub mod text;
mod tree;
mod update_tree;
mod walk;

pub use attributes::Attributes;
pub use commit::Commit;
pub use conflict::{ConflictKind, ConflictPath, Conflicts};
pub use drivers::{AllText, Drivers};
pub use id::{InvalidObjectId, Mode, ObjectId, Version};
pub use kind::Kind;
pub use location::Location;
pub use merge::{Merged, Outcome, merge};
pub use objects::{Content, NewObjects, Objects, Overlay, Pieces, ReadError};
pub use options::{OPTIONS, Options};
pub use report::{RenameReport, SideReport};
pub use repository::{OpenError, Repository};
pub use text::Driver;
pub use update_tree::{UpdateTreeError, update_tree};
