//! The order in which git's hash maps give back their keys. Where files are equally good ends of
//! a rename, the first one met is taken, so this order decides.

const INITIAL_SIZE: usize = 64;
const GROWTH: usize = 4;
const LOAD_PERCENT: usize = 80;

/// The indices of `keys`, which were added in that order, in the order of iteration.
pub(crate) fn hash_order(keys: &[impl AsRef<[u8]>]) -> Vec<usize> {
    let hashes: Vec<u32> = keys.iter().map(|key| hash(key.as_ref())).collect();
    let mut table = Table::new(INITIAL_SIZE);
    for index in 0..keys.len() {
        table.add(&hashes, index);
        if index + 1 > table.buckets.len() * LOAD_PERCENT / 100 {
            let mut larger = Table::new(table.buckets.len() * GROWTH);
            for old in table.iter() {
                larger.add(&hashes, old);
            }
            table = larger;
        }
    }
    table.iter().collect()
}

/// Buckets of chains; the newest key of a chain comes first, so they are kept in reverse.
struct Table {
    buckets: Vec<Vec<usize>>,
}

impl Table {
    fn new(size: usize) -> Self {
        Self {
            buckets: vec![Vec::new(); size],
        }
    }

    fn add(&mut self, hashes: &[u32], index: usize) {
        let bucket = hashes[index] as usize & (self.buckets.len() - 1);
        self.buckets[bucket].push(index);
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.buckets
            .iter()
            .flat_map(|bucket| bucket.iter().rev().copied())
    }
}

/// FNV-1, 32 bits.
fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| {
        hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back_once_also_from_a_grown_table() {
        let keys: Vec<String> = (0..1000).map(|number| format!("pkgs/{number}")).collect();
        let mut order = hash_order(&keys);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn the_hash_is_fnv() {
        assert_eq!(hash(b""), 0x811c_9dc5);
        assert_eq!(hash(b"a"), 0x050c_5d7e);
    }
}
