//! Parts of the tree.

use picket_domain::Sha256;

use crate::hash::node_hash;

/// The root of a part of the tree that is full: that of the `2^height` leaves from
/// `index * 2^height` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// How many levels above the leaves it is, at most 63.
    pub height: u32,
    /// Which of that level, from the left, beginning with 0.
    pub index: u64,
}

/// The leaves from `start` to before `end`, where RFC 6962 makes a hash of them: `start` is a multiple of
/// every power of two that is smaller than their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Subtree {
    /// All leaves of a tree of this size.
    pub fn whole(size: u64) -> Self {
        let (start, end) = (0, size);
        Self { start, end }
    }

    pub(crate) fn len(self) -> u64 {
        self.end - self.start
    }

    /// The full parts that it consists of, from the left: the largest first.
    pub fn nodes(self) -> Vec<Node> {
        let (mut start, mut nodes) = (self.start, Vec::new());
        while start < self.end {
            let height = (self.end - start).ilog2();
            let index = start >> height;
            nodes.push(Node { height, index });
            start += 1 << height;
        }
        nodes
    }

    /// Its hash, out of those of its [nodes](Self::nodes); `None` where one of them is not known, or there
    /// is no leaf.
    pub fn hash(self, node: impl Fn(Node) -> Option<Sha256>) -> Option<Sha256> {
        let mut nodes = self.nodes().into_iter().rev();
        let last = node(nodes.next()?)?;
        nodes.try_fold(last, |right, it| Some(node_hash(node(it)?, right)))
    }
}
