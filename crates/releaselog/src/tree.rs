//! The Merkle tree of RFC 6962, section 2.1.

use picket_domain::Sha256;

use crate::hash::{leaf_hash, node_hash};
use crate::subtree::{Node, Subtree};

/// The hashes of a log: 64 bytes of memory an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// By height: the nodes that are full.
    levels: Vec<Vec<Sha256>>,
}

impl Tree {
    /// That of these entries.
    pub fn of_entries<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Self {
        let mut tree = Self::default();
        for entry in entries {
            tree.push(entry.as_ref());
        }
        tree
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: &[u8]) {
        let mut hash = leaf_hash(entry);
        for height in 0.. {
            if self.levels.len() == height {
                self.levels.push(Vec::new());
            }
            let level = &mut self.levels[height];
            level.push(hash);
            match level[..] {
                [.., left, right] if level.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
        }
    }

    /// How many entries it has.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, Vec::len) as u64
    }

    /// The hash of a part of it that is full.
    pub fn node(&self, node: Node) -> Option<Sha256> {
        let level = self.levels.get(node.height as usize)?;
        level.get(usize::try_from(node.index).ok()?).copied()
    }

    /// The hash of a part of it.
    pub fn subtree(&self, subtree: Subtree) -> Option<Sha256> {
        subtree.hash(|node| self.node(node))
    }

    /// The root of the tree of the first `size` entries; `None` where there are fewer.
    pub fn root(&self, size: u64) -> Option<Sha256> {
        if size == 0 {
            return Some(Sha256::of(&[]));
        }
        self.subtree(Subtree::whole(size))
    }
}
