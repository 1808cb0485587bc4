//! Which records there are under a key.

use std::borrow::Borrow;

/// A sorted table: a third of the memory of a map of lists, and as quick where nothing is added.
#[derive(Debug)]
pub(super) struct Index<K>(Box<[(K, u32)]>);

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<K: Ord> Index<K> {
    /// Keys with the places of their records.
    pub(super) fn new(entries: impl Iterator<Item = (K, u32)>) -> Self {
        let mut entries: Vec<_> = entries.collect();
        entries.sort_unstable();
        entries.dedup();
        Self(entries.into())
    }

    /// The places under a key, in ascending order.
    pub(super) fn of<Q: Ord + ?Sized>(&self, key: &Q) -> impl Iterator<Item = usize>
    where
        K: Borrow<Q>,
    {
        let begin = self.0.partition_point(|(it, _)| it.borrow() < key);
        let rest = &self.0[begin..];
        let end = rest.partition_point(|(it, _)| it.borrow() == key);
        rest[..end].iter().map(|(_, at)| *at as usize)
    }
}
