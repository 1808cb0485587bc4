#![doc = include_str!("../README.md")]

mod attributes;
mod commit;
mod id;
mod location;
mod merge;
mod objects;
mod order;
mod rename;
pub mod replay;
mod repository;
mod resolve;
mod similarity;
mod text;
mod tree;
mod walk;

pub use attributes::Attributes;
pub use id::{InvalidObjectId, Mode, ObjectId};
pub use merge::{
    AllText, ConflictKind, ConflictPath, Conflicts, Drivers, Merged, Outcome, RenameReport,
    SideReport, merge,
};
pub use objects::{Content, Kind, NewObjects, Objects, Overlay, Pieces, ReadError};
pub use repository::{OpenError, Repository};
pub use text::Driver;
