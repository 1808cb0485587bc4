//! The backport merger: security pull requests' commits onto a stable revision.
//!
//! A [`Mirror`] is a bare repository with upstream's branches (`refs/upstream/<branch>`), pull
//! requests (`refs/pr/<number>/<head>`, kept for ever, so that no approved commit vanishes when its
//! author pushes again) and what Picket makes of them: channel branches and release tags. In it,
//!
//! - [`Mirror::assess`] says whether a pull request picks onto a base, and writes nothing;
//! - [`Mirror::assemble`] makes a chain of picks, the same one on every machine;
//! - [`Mirror::investigate`] says what history knows of a conflict, to help who settles it;
//! - [`Mirror::release_commit`] and [`Mirror::publish_refs`] make it a release, on a branch that
//!   only fast-forwards;
//! - [`Mirror::export`] and [`Mirror::diff`] show trees to Nix and to people.
//!
//! A commit of a pull request is picked as `git cherry-pick -x` does it: the change from its
//! parent's tree to its own is merged into the tree that it goes on. What the base has already is
//! left out, and is recognised, in this order, by history (the base contains the commit), by a
//! `(cherry picked from commit ..)` line of the base, and by the pick changing nothing. The line
//! comes before the trees because a pick of a fix that was edited since can apply twice.
//!
//! Objects are read and written by libgit2. Fetching and pushing is done by the `git` program:
//! libgit2's own fetch was measured a hundred times slower on large repositories, and has no
//! `--force-with-lease`. Git is run without the configuration of user and system, never asks for a
//! password, and speaks https, http, ssh and file only.
//!
//! Every call may be made again after a crash or an error, and then goes on or finds that all is
//! done. Objects are named by their content; references change in one step; folders are written
//! beside their place and renamed. Lock files that a killed process left are dealt with, and how,
//! `lock.rs` tells.

mod assemble;
mod base;
mod chain;
mod changes;
mod commit;
mod conflicts;
mod diff;
mod engine;
mod error;
mod explain;
mod export;
mod fetch;
mod gits;
mod guard;
mod history;
mod ids;
mod inner;
mod investigate;
mod lock;
mod message;
mod mirror;
mod opened;
mod opinion;
mod patch;
mod publish;
mod pushed;
mod reference;
mod release;
mod remote;
mod settle;
mod source;
mod step;
mod transport;
mod twins;

pub use assemble::{Assembled, Assessed, Contents};
pub use commit::Committer;
pub use conflicts::{ConflictedFile, ConflictedPick};
pub use diff::{Diff, FileDiff, Hunk, Line, LineKind};
pub use engine::Engine;
pub use error::{MergeError, Result};
pub use explain::{Explanation, ResolvedPath};
pub use fetch::Fetched;
pub use mirror::Mirror;
pub use publish::PublishRefs;
pub use pushed::PushedResolution;
