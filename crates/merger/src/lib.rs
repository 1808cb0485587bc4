//! The backport merger: security pull requests' commits onto a stable revision.
//!
//! A [`Merger`] is a [`Mirror`] in which pull requests are picked:
//!
//! - [`Merger::assess`] says whether a pull request picks onto a base, and writes nothing;
//! - [`Merger::assemble`] makes a chain of picks, the same one on every machine;
//! - [`Merger::conflicts`] shows a conflict with its files' contents, [`Merger::investigate`] what
//!   history says of it, and [`Merger::pushed_resolution`] reads what a person made of it with git;
//! - [`Merger::explain`] tells what a pick was made from, and how git alone makes it again.
//!
//! # Picks
//!
//! A commit of a pull request is picked as `git cherry-pick -x` does it: the change from its
//! parent's tree to its own is merged into the tree that it goes on. A conflict that people settled
//! before is settled again, where the same three versions of the same file meet. What the base has
//! already is left out, and is recognised, in this order, by history (the base contains the
//! commit), by a `(cherry picked from commit ..)` line of the base, by the pick changing nothing,
//! and by a commit of the base that changes the same (`pick/equivalent.rs`). The line comes before
//! the trees because a pick of a fix that was edited since can apply twice.
//!
//! Whatever a pick changes has a hash, [`picket_domain::PatchId`] (`patch/`): so it is told
//! whether a pick is what people approved. A pick that leaves conflict markers, or leads to a path
//! that cannot be written, is refused. One whose own objects are odd or missing is set aside by its
//! name, and the others go on (`pick/fault.rs`).
//!
//! # Two opinions
//!
//! The merge is [`picket_treemerge`], or another [`Engine`]. It merges in memory, and its cost
//! follows what the pick touches. Only what a chain keeps is written to the mirror, and before it
//! is kept, git itself makes each merge again (`pick/second_opinion.rs`). Where git makes something
//! else, the pull request is set aside. So is one whose merge the engine is not certain about.
//!
//! libgit2 has a merge of its own, which is not used: where it differs from git's, it does so
//! without a word. It stops looking for renames where more than a thousand entries come and go, as
//! they do between two branches of nixpkgs; it does not see that a folder was renamed, nor that a
//! file became a link on one side; and it diffs lines by Myers's algorithm where git's merges use
//! the histogram. What it is used for is references, history and commits, and to write objects. Of
//! merges inside a pull request, those of branches that cross each other are git's own as well
//! (`pick/branch_merge.rs`).

mod conflict;
mod details;
mod engine;
mod error;
mod explain;
mod history;
mod investigate;
mod merge_tree;
mod merger;
mod patch;
mod pick;
mod snapshot;

pub use conflict::{ConflictedFile, ConflictedPick, MAX_RESOLVED_FILE, PushedResolution};
pub use engine::Engine;
pub use error::{MergeError, Result};
pub use explain::{Explanation, ResolvedPath};
pub use merger::Merger;
pub use pick::{Assembled, Assessed, Contents};
pub use picket_mirror::{
    Applied, Committer, Diff, Fetched, FetchedBranch, FileDiff, GitAddress, Hunk, Line, LineKind,
    Mails, Maintained, Mirror, MirrorError, PushRefs, Pushed, ReleaseRefs, check_reference,
};
