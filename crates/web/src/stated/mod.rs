//! What is stated of what is fixed and what is not, as it was made of the last snapshot.

mod document;
mod kept;
mod repository;

pub(crate) use document::Document;
pub use kept::Feeds;
