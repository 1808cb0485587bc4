//! How alike two files are, by git's estimate: both are cut into lines (and long lines into pieces
//! of 64 bytes), the pieces hashed, and what of the old file's bytes is found in the new one counts.

use crate::text::is_text;

/// Similarity of files with the same content.
pub(crate) const MAX_SCORE: u64 = 60_000;
/// Files less alike than this are never taken for a rename (50 %).
pub(crate) const RENAME_SCORE: u64 = 30_000;
/// Files of the same name are taken for a rename without a look at others from here on (75 %).
pub(crate) const SAME_NAME_SCORE: u64 = 45_000;

/// A prime between 2^16 and 2^17: pieces with the same remainder count as equal.
const HASH_BASE: u32 = 107_927;
/// Longest piece, in bytes.
const PIECE: u32 = 64;

/// How many bytes of a file each hash of its pieces stands for, by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    bytes_by_hash: Vec<(u32, u32)>,
}

impl Pieces {
    /// The pieces of a file.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let text = is_text(content);
        let mut pieces = Vec::with_capacity(content.len() / 24 + 1);
        let (mut low, mut high, mut length) = (0_u32, 0_u32, 0);
        for (index, byte) in content.iter().enumerate() {
            if text && *byte == b'\r' && content.get(index + 1) == Some(&b'\n') {
                continue;
            }
            let old_low = low;
            low = (low << 7) ^ (high >> 25);
            high = (high << 7) ^ (old_low >> 25);
            low = low.wrapping_add(u32::from(*byte));
            length += 1;
            if length == PIECE || *byte == b'\n' {
                pieces.push((hash(low, high), length));
                (low, high, length) = (0, 0, 0);
            }
        }
        if length > 0 {
            pieces.push((hash(low, high), length));
        }
        pieces.sort_unstable_by_key(|(hash, _)| *hash);
        pieces.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.wrapping_add(next.1);
            }
            same
        });
        pieces.shrink_to_fit();
        Self {
            bytes_by_hash: pieces,
        }
    }

    /// What this weighs in a cache, in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.bytes_by_hash.len() * size_of::<(u32, u32)>()
    }

    /// Bytes of `self` that `new` has too.
    fn kept_by(&self, new: &Self) -> u64 {
        let mut new = new.bytes_by_hash.iter().peekable();
        let mut kept = 0;
        for (hash, bytes) in &self.bytes_by_hash {
            while new.next_if(|(other, _)| other < hash).is_some() {}
            if let Some((_, other)) = new.next_if(|(other, _)| other == hash) {
                kept += u64::from(*bytes.min(other));
            }
        }
        kept
    }
}

fn hash(low: u32, high: u32) -> u32 {
    low.wrapping_add(high.wrapping_mul(0x61)) % HASH_BASE
}

/// Whether files of these sizes can be alike enough for `minimum`.
pub(crate) fn sizes_allow(old: u64, new: u64, minimum: u64) -> bool {
    let (large, small) = (old.max(new), old.min(new));
    large * (MAX_SCORE - minimum) >= (large - small) * MAX_SCORE
}

/// The similarity of two files of these sizes, from nothing to [`MAX_SCORE`].
pub(crate) fn score(old: (&Pieces, u64), new: (&Pieces, u64)) -> u64 {
    if new.1 == 0 {
        return 0;
    }
    old.0.kept_by(new.0) * MAX_SCORE / old.1.max(new.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score_of(old: &[u8], new: &[u8]) -> u64 {
        score(
            (&Pieces::of(old), old.len() as u64),
            (&Pieces::of(new), new.len() as u64),
        )
    }

    #[test]
    fn half_the_bytes_kept_is_half_the_score() {
        assert_eq!(score_of(b"one\ntwo\n", b"one\ntwo\n"), MAX_SCORE);
        assert_eq!(score_of(b"one\ntwo\n", b"one\nTWO\n"), MAX_SCORE / 2);
        assert_eq!(
            score_of(b"one\r\ntwo\r\n", b"one\ntwo\n"),
            MAX_SCORE * 8 / 10
        );
        assert_eq!(score_of(b"one\n", b""), 0);
    }

    #[test]
    fn sizes_too_far_apart_are_seen_without_a_look_inside() {
        assert!(sizes_allow(100, 200, RENAME_SCORE));
        assert!(!sizes_allow(100, 201, RENAME_SCORE));
        assert!(sizes_allow(0, 0, RENAME_SCORE));
    }
}
