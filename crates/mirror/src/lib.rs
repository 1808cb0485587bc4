//! The mirror of upstream: a bare git repository, and all that Picket does in it but picking.
//!
//! A [`Mirror`] holds upstream's branches (`refs/branches/<branch>`), pull requests
//! (`refs/pr/<number>/<head>`, so that no approved commit vanishes when its author pushes again)
//! and what Picket makes of them: channel branches and release tags. In it,
//!
//! - [`Mirror::fetch_branches`] and [`Mirror::fetch_pull_request`] bring what upstream has;
//! - [`Mirror::release_commit`], [`Mirror::set_release_refs`] and [`Mirror::push_refs`] make a
//!   chain a release, [`Mirror::fetch_release`] brings one back that the mirror has lost;
//! - [`Mirror::export`] and [`Mirror::diff_between`] show trees to Nix and to people;
//! - [`Mirror::maintain`] keeps it small and quick.
//!
//! It is a cache: whatever is in it comes from upstream, or can be made again from what the
//! database knows. What is here and stands elsewhere than the database says is put right.
//!
//! # git
//!
//! Fetching, pushing and upkeep are done by the `git` program: libgit2's own fetch was measured a
//! hundred times slower on large repositories, and has no `--force-with-lease`. Git is run without
//! the configuration of user and system, never asks for a password, and speaks https, http, ssh and
//! file only ([`GitAddress`]). Passwords are handed to it by its environment and not by its command
//! line, which everybody on the machine can read. Every run of it ends: after a time, or when
//! nothing has moved for a while ([`Limits`]). Version 2.45 or later is needed.
//!
//! # Crashes
//!
//! Every call may be made again after a crash or an error, and then goes on or finds that all is
//! done. Objects are named by their content; references change in one step; folders are written
//! beside their place and renamed. Lock files that a killed process left are dealt with, and how,
//! `git/lock.rs` tells.

mod address;
mod base;
mod committer;
mod differences;
mod error;
mod fetch;
mod git;
mod history;
mod ids;
mod maintenance;
mod mirror;
mod own;
mod reference;
mod release;
mod trees;

pub use address::{GitAddress, InvalidAddress};
pub use committer::Committer;
pub use error::{MirrorError, Result, Unwritable, at};
pub use fetch::{Fetched, FetchedBranch, is_fetched};
pub use git::{Git, Limits, Reading};
pub use history::{RawCommit, contains, merge_bases, walk};
pub use ids::{find_commit, find_ref, has_commit, need_commit, object_id, oid, sha, sha_of};
pub use maintenance::{Maintained, Size};
pub use mirror::Mirror;
pub use own::{Applied, Mails};
pub use reference::check_reference;
pub use release::{PushRefs, Pushed, ReleaseRefs};
pub use trees::{
    Change, Diff, FileDiff, Hunk, Line, LineKind, MAX_FILES, changes, differs_at, entry_at,
    file_mode, markers_in, new_markers, unwritable_path,
};
