//! Proofs: which hashes they consist of, after RFC 6962, section 2.1, and what they prove, after RFC 9162,
//! section 2.1.

use picket_domain::Sha256;

use crate::hash::node_hash;
use crate::subtree::Subtree;

/// The parts of a tree of this size whose hashes prove that its entry `index` is in it, from the leaf up;
/// none where there is no such entry.
pub fn inclusion(index: u64, size: u64) -> Vec<Subtree> {
    let (mut path, mut within) = (Vec::new(), Subtree::whole(size));
    while within.len() > 1 && index < size {
        let (left, right) = halves(within);
        let (next, other) = if index < right.start {
            (left, right)
        } else {
            (right, left)
        };
        path.push(other);
        within = next;
    }
    path.reverse();
    path
}

/// The parts of a tree of size `new` whose hashes prove that it begins with the entries of the tree of size
/// `old`; none where that needs no proof, or is not so.
pub fn consistency(old: u64, new: u64) -> Vec<Subtree> {
    let (mut path, mut within) = (Vec::new(), Subtree::whole(new));
    if old == 0 || old >= new {
        return path;
    }
    // A part that is the whole old tree is known to whoever asks.
    let mut is_known = true;
    while old != within.end {
        let (left, right) = halves(within);
        if old <= right.start {
            path.push(right);
            within = left;
        } else {
            path.push(left);
            within = right;
            is_known = false;
        }
    }
    if !is_known {
        path.push(within);
    }
    path.reverse();
    path
}

/// The left half is the largest full part that is not all of it.
fn halves(of: Subtree) -> (Subtree, Subtree) {
    let middle = of.start + (1 << (of.len() - 1).ilog2());
    let left = Subtree { end: middle, ..of };
    let right = Subtree {
        start: middle,
        ..of
    };
    (left, right)
}

/// The root of the tree of this size that has this leaf as its entry `index`, as the hashes of
/// [`inclusion`] say; `None` where they are no such proof.
pub fn root_by_inclusion(leaf: Sha256, index: u64, size: u64, proof: &[Sha256]) -> Option<Sha256> {
    let mut last = size.checked_sub(1)?;
    let (mut at, mut root) = (index, leaf);
    if at > last {
        return None;
    }
    for hash in proof {
        if last == 0 {
            return None;
        }
        if at % 2 == 1 || at == last {
            root = node_hash(*hash, root);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node_hash(root, *hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// Whether the log whose first `old.0` entries have the root `old.1` became the one whose first `new.0`
/// have the root `new.1` by growing, as the hashes of [`consistency`] prove. Every log began as an empty
/// one.
pub fn is_consistent(old: (u64, Sha256), new: (u64, Sha256), proof: &[Sha256]) -> bool {
    if old.0 == 0 || old.0 == new.0 {
        return (old.0 == 0 || old.1 == new.1) && proof.is_empty();
    }
    if old.0 > new.0 {
        return false;
    }
    let (mut at, mut last) = (old.0 - 1, new.0 - 1);
    while at % 2 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let mut proof = proof.iter();
    let first = if at == 0 { Some(&old.1) } else { proof.next() };
    let Some(first) = first else { return false };
    let (mut of_old, mut of_new) = (*first, *first);
    for hash in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            of_old = node_hash(*hash, of_old);
            of_new = node_hash(*hash, of_new);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            of_new = node_hash(of_new, *hash);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && of_old == old.1 && of_new == new.1
}
