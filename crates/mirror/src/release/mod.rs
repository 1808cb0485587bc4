//! Releases: their commits, branch and tags, here and on a remote.
//!
//! The tag is a lightweight one. An annotated tag is an object of its own, with a tagger and a
//! time, and says nothing that the release commit does not say: its name would point at another id
//! than the `.git-revision` of the release does, and making it again would have to repeat the time.
//! What vouches for a release is the signature in its folder.

mod commit;
mod push;
mod refs;
mod restore;

pub use push::{PushRefs, Pushed};
pub use refs::ReleaseRefs;

pub(crate) use commit::release_commit;
pub(crate) use push::{Push, push_refs};
pub(crate) use refs::set_release_refs;
pub(crate) use restore::fetch_release;
