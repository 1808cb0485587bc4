//! The files that a side removed and added.

use crate::{
    id::{Mode, ObjectId},
    objects::{Objects, ReadError},
    similarity,
    walk::NodeId,
};

/// A file that it removed.
pub(super) struct Source<'a> {
    pub(super) node: NodeId,
    pub(super) path: &'a [u8],
    pub(super) mode: Mode,
    pub(super) id: ObjectId,
    pub(super) used: bool,
}

/// A file that it added.
pub(super) struct Target<'a> {
    pub(super) node: NodeId,
    pub(super) path: &'a [u8],
    pub(super) mode: Mode,
    pub(super) id: ObjectId,
    /// The source that it was renamed from: an index among all of them.
    pub(super) from: Option<usize>,
}

/// How much of a file the other one has, or 0 where that is less than `minimum` for certain.
pub(super) fn similarity(
    objects: &impl Objects,
    source: &Source<'_>,
    target: &Target<'_>,
    minimum: u64,
) -> Result<u64, ReadError> {
    if !source.mode.is_regular() || !target.mode.is_regular() {
        return Ok(0);
    }
    let sizes = (
        objects.blob_size(&source.id)?,
        objects.blob_size(&target.id)?,
    );
    if !similarity::sizes_allow(sizes.0, sizes.1, minimum) {
        return Ok(0);
    }
    let (old, new) = (objects.pieces(&source.id)?, objects.pieces(&target.id)?);
    Ok(similarity::score((&old, sizes.0), (&new, sizes.1)))
}

pub(super) fn same_name(a: &[u8], b: &[u8]) -> bool {
    base_name(a) == base_name(b)
}

pub(super) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}
