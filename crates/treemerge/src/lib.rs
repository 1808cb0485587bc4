#![doc = include_str!("../README.md")]

mod attributes;
mod commit;
mod conflict;
mod id;
mod location;
mod merge;
mod objects;
mod options;
mod order;
mod put;
mod rename;
pub mod replay;
mod repository;
mod resolve;
mod similarity;
pub mod text;
mod tree;
mod walk;

pub use attributes::Attributes;
pub use conflict::{ConflictKind, ConflictPath, Conflicts};
pub use id::{InvalidObjectId, Mode, ObjectId, Version};
pub use merge::{AllText, Drivers, Merged, Outcome, RenameReport, SideReport, merge};
pub use objects::{Content, Kind, NewObjects, Objects, Overlay, Pieces, ReadError};
pub use options::{OPTIONS, Options};
pub use put::{PutError, put};
pub use repository::{OpenError, Repository};
pub use text::Driver;
