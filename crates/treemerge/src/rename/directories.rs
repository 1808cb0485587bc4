//! Directories that one side renamed while the other added files to them. git's default is to
//! call that a conflict, and so does this: where the files would go is never acted on.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    path::directory_of,
    side::{Change, SideRenames},
};
use crate::{
    conflict::{ConflictKind, ConflictPath},
    walk::{Node, OURS, SIDES, THEIRS},
};

type Moves<'a> = FxHashMap<&'a [u8], &'a [u8]>;

/// The conflicts that renamed directories make.
pub(crate) fn directory_conflicts<'a>(
    renames: &[SideRenames<'a>; 3],
    nodes: &[Node<'a>],
    conflicts: &mut Vec<ConflictPath>,
) {
    let mut moves: [Moves<'a>; 3] = Default::default();
    for side in SIDES {
        for (old, destination) in renames[side].counts.destinations() {
            match destination {
                Ok(new) => {
                    moves[side].insert(old, new);
                }
                Err(_) => conflicts.push(ConflictPath::of_names(old, ConflictKind::DirectorySplit)),
            }
        }
    }
    let both: Vec<&[u8]> = moves[OURS]
        .keys()
        .filter(|old| moves[THEIRS].contains_key(*old))
        .copied()
        .collect();
    for old in both {
        moves[OURS].remove(old);
        moves[THEIRS].remove(old);
    }
    if moves.iter().all(FxHashMap::is_empty) {
        return;
    }
    let targets = SIDES.map(|side| targets(&renames[side].changes, nodes, &moves[3 - side]));
    for side in SIDES {
        for path in added(&renames[side].changes, nodes) {
            // Where the other side's files are to go, ours are left in place.
            if targets[2 - side].contains(path) {
                continue;
            }
            if let Some((_, new)) = renamed_above(path, &moves[3 - side])
                && !moves[side].contains_key(new)
            {
                conflicts.push(ConflictPath::of_names(path, ConflictKind::DirectoryRename));
            }
        }
    }
}

/// Paths that a side has and the base had not, at least there.
fn added<'n, 'a: 'n>(
    changes: &'n [Change],
    nodes: &'n [Node<'a>],
) -> impl Iterator<Item = &'a [u8]> + 'n {
    changes.iter().filter_map(|change| match change {
        Change::Added(node) | Change::Renamed { to: node, .. } => Some(nodes[*node].path),
        Change::Removed => None,
    })
}

/// Where the files that a side added would go.
fn targets<'a>(changes: &[Change], nodes: &[Node<'a>], moves: &Moves<'a>) -> FxHashSet<Vec<u8>> {
    if moves.is_empty() {
        return FxHashSet::default();
    }
    added(changes, nodes)
        .filter_map(|path| {
            let (old, new) = renamed_above(path, moves)?;
            let rest = &path[old.len() + usize::from(new.is_empty())..];
            Some([new, rest].concat())
        })
        .collect()
}

/// The nearest directory above `path` that was renamed, and to what.
fn renamed_above<'a>(path: &'a [u8], moves: &Moves<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut directory = directory_of(path);
    while !directory.is_empty() {
        if let Some(new) = moves.get(directory) {
            return Some((directory, new));
        }
        directory = directory_of(directory);
    }
    None
}
