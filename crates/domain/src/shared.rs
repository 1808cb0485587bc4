//! Maps that are cheap to copy.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// An ordered map whose copies share one content until one of them is changed.
///
/// Changing one whose content is shared copies the content first. That is cheap as long as keys
/// are small and values are behind an [`Arc`], as they are in [`crate::Facts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedMap<K, V>(Arc<BTreeMap<K, V>>);

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Deref for SharedMap<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.0
    }
}

impl<K: Ord + Clone, V: Clone> DerefMut for SharedMap<K, V> {
    fn deref_mut(&mut self) -> &mut BTreeMap<K, V> {
        Arc::make_mut(&mut self.0)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SharedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(Arc::new(entries.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_to_a_copy_is_not_seen_in_the_other_one() {
        let one: SharedMap<u8, &str> = [(1, "a")].into_iter().collect();
        let mut other = one.clone();
        other.insert(2, "b");
        assert_eq!((one.len(), other.len()), (1, 2));
    }
}
