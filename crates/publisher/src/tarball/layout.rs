//! Where an archive is cut into the blocks that are compressed each on its own.
//!
//! The cuts are a matter of the tree alone, so that the same tree gives the same bytes. They fall
//! before entries, at the same ones when the tree changes a little, so that a block with nothing changed
//! in it is the same block.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;

use sha2::{Digest, Sha256};

use crate::listing::{Listed, What};

/// A block has about so many bytes. With three quarters of it an archive is 1.5 % larger; with more,
/// one package's change costs more to compress again.
const BLOCK: u64 = 16 << 20;
/// A cut is looked for this far around its ideal place, as a part of a block.
const WINDOW: u64 = 20;

/// A cut falls before each of these entries, by their places in the listing.
pub(super) type Cuts = BTreeSet<usize>;

/// The cuts of a tree's archive.
pub(super) fn cuts(listing: &[Listed]) -> Cuts {
    Layout::of(listing).cuts(BLOCK)
}

/// The entries, and where each begins, roughly, in bytes.
struct Layout<'a> {
    listing: &'a [Listed],
    begins: Vec<u64>,
    end: u64,
}

impl<'a> Layout<'a> {
    fn of(listing: &'a [Listed]) -> Self {
        let mut end = 0;
        let begin = |listed: &Listed| {
            let begin = end;
            end += 512 + size(listed).next_multiple_of(512);
            begin
        };
        let begins = listing.iter().map(begin).collect();
        Self {
            listing,
            begins,
            end,
        }
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
    fn cut(&self, place: u64, around: u64) -> Option<usize> {
        let begin = self.begins.partition_point(|at| *at < place - around);
        let end = self.begins.partition_point(|at| *at <= place + around);
        // Where a long file covers the whole window, it is cut before the next one.
        let end = end.max(begin + 1).min(self.begins.len());
        let hash = |place: &usize| Sha256::digest(self.listing[*place].path.as_os_str().as_bytes());
        (begin..end).min_by_key(hash)
    }
}

fn size(listed: &Listed) -> u64 {
    match listed.what {
        What::File { size, .. } => size,
        What::Link | What::EmptyFolder => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64) -> Listed {
        let what = What::File {
            size,
            executable: false,
        };
        Listed {
            path: name.into(),
            what,
        }
    }

    fn files(count: u32, size: impl Fn(u32) -> u64) -> Vec<Listed> {
        let files = 0..count;
        files
            .map(|number| file(&format!("{number:05}"), size(number)))
            .collect()
    }

    #[test]
    fn blocks_are_of_about_equal_size_and_even_in_number() {
        let files = files(10_000, |_| 500);
        let layout = Layout::of(&files);
        let cuts = layout.cuts(4 << 20);
        assert_eq!(cuts.len(), 3);
        let mut places: Vec<_> = cuts.iter().map(|cut| layout.begins[*cut]).collect();
        places.push(layout.end);
        let widths = places.windows(2).map(|it| it[1] - it[0]);
        for width in widths.chain([places[0]]) {
            assert!(width.abs_diff(layout.end / 4) <= layout.end / 40, "{width}");
        }
    }

    #[test]
    fn what_fits_one_block_is_not_cut() {
        for count in [0, 10] {
            let files = files(count, |_| 500);
            assert!(Layout::of(&files).cuts(4 << 20).is_empty());
        }
    }

    #[test]
    fn a_small_change_leaves_the_cuts_where_they_are() {
        let cuts = |files: &[Listed]| Layout::of(files).cuts(4 << 20);
        let before = files(10_000, |_| 500);
        let after = files(10_000, |number| match number {
            17 | 6000 => 9_000,
            _ => 500,
        });
        assert_eq!(cuts(&after), cuts(&before));
    }

    #[test]
    fn a_file_longer_than_a_block_stays_whole() {
        let mut files = files(100, |_| 500);
        files.extend([file("long", 20 << 20), file("zzz", 500)]);
        let cuts = Layout::of(&files).cuts(4 << 20);
        assert!(cuts.iter().all(|cut| *cut < files.len()));
        assert!(!cuts.is_empty());
    }
}
