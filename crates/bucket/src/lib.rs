//! Copies of the public folder elsewhere: in an S3 bucket, or in a folder on another disk.
//!
//! A mirror has the public folder's own layout, key by key, and is brought up to date by what changed.
//! What a reader of it is led to is whole at every instant: NARs come first, then the narinfos that
//! name them, then the releases' files, a folder's page last; then the release log, its checkpoint last;
//! then the one object of each channel that
//! says which release is current ([`Pointer`]; in a folder it is the symbolic link that the public
//! folder has); then what is stated of that; and only then is removed what is not kept any more.
//!
//! What was put there is written down in the mirror itself ([`RECORD`]): each object with its size, its
//! hash and the time of the file that it was made from. An ETag tells nothing of objects that came in
//! parts, so that none is looked at. The record says before an object comes that it will, so that a
//! killed run goes on where it was, and nothing is ever removed that no run put there. It also says
//! whose mirror it is, and is replaced only by whoever read it last: two services do not share one.

mod credentials;
mod error;
mod ledger;
mod mirror;
mod place;
mod plan;
mod pointer;
mod report;
mod run;
mod s3;
mod scan;
mod send;
mod statement;
mod target;

pub use credentials::CredentialsError;
pub use error::BucketError;
pub use ledger::RECORD;
pub use mirror::Mirror;
pub use pointer::Pointer;
pub use report::Report;
pub use run::Depth;
pub use target::{BucketTarget, Patience, Target};
