//! The backport merger: security pull requests' commits onto a stable revision.
//!
//! A [`Mirror`] is a bare repository with upstream's branches (`refs/upstream/<branch>`), pull
//! requests (`refs/pr/<number>/<head>`, kept for ever, so that no approved commit vanishes when its
//! author pushes again) and what Picket makes of them: channel branches and release tags. In it,
//!
//! - [`Mirror::assess`] says whether a pull request picks onto a base, and writes nothing;
//! - [`Mirror::assemble`] makes a chain of picks, the same one on every machine;
//! - [`Mirror::conflicts`] shows a conflict with its files' contents, [`Mirror::investigate`] what
//!   history says of it, and [`Mirror::pushed_resolution`] reads what a person made of it with git;
//! - [`Mirror::explain`] tells what a pick was made from, and how git alone makes it again;
//! - [`Mirror::release_commit`] and [`Mirror::publish_refs`] make a chain a release, on a branch
//!   that only fast-forwards;
//! - [`Mirror::export`] and [`Mirror::diff`] show trees to Nix and to people.
//!
//! # Picks
//!
//! A commit of a pull request is picked as `git cherry-pick -x` does it: the change from its
//! parent's tree to its own is merged into the tree that it goes on. A conflict that people settled
//! before is settled again, where the same three versions of the same file meet. What the base has
//! already is left out, and is recognised, in this order, by history (the base contains the
//! commit), by a `(cherry picked from commit ..)` line of the base, by the pick changing nothing,
//! and by a commit of the base that changes the same (`twins.rs`). The line comes before the trees
//! because a pick of a fix that was edited since can apply twice.
//!
//! Whatever a pick changes has a hash, [`picket_domain::PatchId`] (`patch.rs`): so it is told
//! whether a pick is what people approved. A pick that leaves conflict markers, or leads to a path
//! such as `.git`, is refused.
//!
//! # Two opinions
//!
//! The merge is [`picket_treemerge`], or another [`Engine`]. It merges in memory, and its cost
//! follows what the pick touches. Only what a chain keeps is written to the mirror, and before it
//! is kept, git itself makes each merge again (`opinion.rs`). Where git makes something else, the
//! pull request is set aside. So is one whose merge the engine is not certain about.
//!
//! libgit2 has a merge of its own, which is not used: where it differs from git's, it does so
//! without a word. It stops looking for renames where more than a thousand entries come and go, as
//! they do between two branches of nixpkgs; it does not see that a folder was renamed, nor that a
//! file became a link on one side; and it diffs lines by Myers's algorithm where git's merges use
//! the histogram. What it is used for is references, history and commits, and to write objects. Of
//! merges inside a pull request, those of branches that cross each other are git's own as well
//! (`inner.rs`).
//!
//! # git
//!
//! Fetching and pushing is done by the `git` program too: libgit2's own fetch was measured a
//! hundred times slower on large repositories, and has no `--force-with-lease`. Git is run without
//! the configuration of user and system, never asks for a password, and speaks https, http, ssh and
//! file only. Version 2.45 or later is needed.
//!
//! # Crashes
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
