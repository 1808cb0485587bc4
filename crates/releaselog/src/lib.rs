//! The release log's tree, tiles, proofs and checkpoints. Nothing here reads a file or signs.
//!
//! The log is what C2SP calls a tiled transparency log: every published release is an [`Entry`], the
//! entries are the leaves of the Merkle tree of RFC 6962, and the tree is a set of files that never
//! change, the [`Tile`]s. One file changes, the [`Checkpoint`]: how many entries there are and what the
//! root of their tree is, as a [`SignedNote`]. Whoever kept an earlier one can have it
//! [proved](is_consistent) that the log only grew since; whoever has a release, that it is
//! [in the log](root_by_inclusion), which everybody else sees too.
//!
//! Sources: <https://c2sp.org/tlog-tiles>, <https://c2sp.org/tlog-checkpoint>,
//! <https://c2sp.org/signed-note>, and for hashes and proofs RFC 6962, section 2.1, and RFC 9162,
//! section 2.1.

mod checkpoint;
mod entry;
mod hash;
mod note;
mod origin;
mod proof;
mod subtree;
mod tile;
mod tree;

pub use checkpoint::Checkpoint;
pub use entry::{Entry, EntryKind, FORMAT};
pub use hash::leaf_hash;
pub use note::{NOTE_MAX, NoteSignature, SignedNote, key_id};
pub use origin::Origin;
pub use proof::{consistency, inclusion, is_consistent, root_by_inclusion};
pub use subtree::{Node, Subtree};
pub use tile::{Kind, TILE_WIDTH, Tile, bundle, entries_of_bundle};
pub use tree::Tree;
