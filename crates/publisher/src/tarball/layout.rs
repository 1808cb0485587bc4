//! Where an archive is cut into the blocks that are compressed each on its own.
//!
//! The cuts are a matter of the tree alone, so that the same tree gives the same bytes. They fall
//! before entries, at the same ones when the tree changes a little, so that a block with nothing changed
//! in it is the same block.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{AtPath, PublishError};
use crate::nar::sorted_names;
use crate::tree::Tree;

/// A block has about so many bytes. With half of it, what two blocks have in common costs 3 to 5 % of
/// the archive's size; with all in one block, one core works alone.
const BLOCK: u64 = 26 << 20;
/// A cut is looked for this far around its ideal place, as a part of a block.
const WINDOW: u64 = 20;

/// A cut falls before each of these entries.
pub(super) type Cuts = BTreeSet<PathBuf>;

/// The cuts of a tree's archive.
pub(super) fn cuts(tree: &Tree<'_>) -> Result<Cuts, PublishError> {
    let mut entries = Entries::default();
    let top = Path::new(tree.top);
    for name in sorted_names(tree.files).at(tree.files)? {
        entries.add(&tree.files.join(&name), &top.join(&name))?;
    }
    Ok(entries.cuts(BLOCK))
}

/// The entries in their order, each with where it begins, roughly, in bytes.
#[derive(Default)]
struct Entries {
    all: Vec<(u64, PathBuf)>,
    end: u64,
}

impl Entries {
    fn add(&mut self, path: &Path, inside: &Path) -> Result<(), PublishError> {
        let metadata = fs::symlink_metadata(path).at(path)?;
        let size = if metadata.is_file() {
            metadata.len()
        } else {
            0
        };
        self.push(inside, size);
        if metadata.is_dir() {
            for name in sorted_names(path).at(path)? {
                self.add(&path.join(&name), &inside.join(&name))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, inside: &Path, size: u64) {
        self.all.push((self.end, inside.to_owned()));
        self.end += 512 + size.next_multiple_of(512);
    }

    /// An even number of about equal blocks: two cores are done at the same time.
    fn cuts(&self, block: u64) -> Cuts {
        let blocks = match self.end.div_ceil(block) {
            0 | 1 => 1,
            more => more.next_multiple_of(2),
        };
        let width = self.end / blocks;
        (1..blocks)
            .filter_map(|number| self.cut(number * width, width / WINDOW))
            .collect()
    }

    /// Of the entries around a place the one with the smallest hash: it stays so while few of them
    /// change.
    fn cut(&self, place: u64, around: u64) -> Option<PathBuf> {
        let begin = self.all.partition_point(|(at, _)| *at < place - around);
        let end = self.all.partition_point(|(at, _)| *at <= place + around);
        // Where a long file covers the whole window, it is cut before the next one.
        let end = end.max(begin + 1).min(self.all.len());
        let near = self.all.get(begin..end)?.iter().map(|(_, inside)| inside);
        near.min_by_key(|inside| Sha256::digest(inside.as_os_str().as_bytes()))
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u32, size: u64) -> Entries {
        let mut entries = Entries::default();
        for number in 0..count {
            entries.push(Path::new(&format!("top/{number:05}")), size);
        }
        entries
    }

    #[test]
    fn blocks_are_of_about_equal_size_and_even_in_number() {
        let entries = entries(10_000, 500);
        let cuts = entries.cuts(4 << 20);
        assert_eq!(cuts.len(), 3);
        let place = |cut: &PathBuf| entries.all.iter().find(|(_, it)| it == cut).unwrap().0;
        let mut places: Vec<_> = cuts.iter().map(place).collect();
        places.push(entries.end);
        let widths = places.windows(2).map(|it| it[1] - it[0]);
        for width in widths.chain([places[0]]) {
            assert!(
                width.abs_diff(entries.end / 4) <= entries.end / 40,
                "{width}"
            );
        }
    }

    #[test]
    fn what_fits_one_block_is_not_cut() {
        assert!(entries(10, 500).cuts(4 << 20).is_empty());
        assert!(entries(0, 0).cuts(4 << 20).is_empty());
    }

    #[test]
    fn a_small_change_leaves_the_cuts_where_they_are() {
        let before = entries(10_000, 500).cuts(4 << 20);
        let mut changed = Entries::default();
        for (_, inside) in &entries(10_000, 500).all {
            let is_changed = inside.ends_with("00017") || inside.ends_with("06000");
            changed.push(inside, if is_changed { 9_000 } else { 500 });
        }
        assert_eq!(changed.cuts(4 << 20), before);
    }

    #[test]
    fn a_file_longer_than_a_block_stays_whole() {
        let mut long = entries(100, 500);
        long.push(Path::new("top/long"), 20 << 20);
        long.push(Path::new("top/zzz"), 500);
        let cuts = long.cuts(4 << 20);
        assert!(
            cuts.iter()
                .all(|cut| long.all.iter().any(|(_, it)| it == cut))
        );
        assert!(!cuts.is_empty());
    }
}
