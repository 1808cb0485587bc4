//! The walk of the three trees together. It descends where ids differ, and where only one side
//! differs from the base, only if that side's files may be wanted as the other end of a rename.
//!
//! What all three (or both sides) agree on is kept as it stands in the tree; every other path
//! becomes a [`Node`], to be settled once the renames are known.

mod descend;
mod found;
mod join;

pub(crate) use descend::Walk;
pub(crate) use found::{
    BASE, Child, DirId, DirRelevance, Mask, Memory, Node, NodeId, OURS, Relevance, SIDES, SideInfo,
    THEIRS,
};
