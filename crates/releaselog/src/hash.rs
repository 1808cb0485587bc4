//! The hashes of RFC 6962, section 2.1: those of entries begin with another byte than those of hashes, so
//! that neither is taken for the other.

use picket_domain::Sha256;

/// The hash of an entry.
pub fn leaf_hash(entry: &[u8]) -> Sha256 {
    Sha256::of(&[&[0], entry].concat())
}

/// The hash of two parts of the tree that stand beside each other.
pub(crate) fn node_hash(left: Sha256, right: Sha256) -> Sha256 {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Sha256::of(&bytes)
}
