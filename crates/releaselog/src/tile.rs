//! The files of a log that never change.

use std::fmt;

use picket_domain::Sha256;

use crate::hash::node_hash;
use crate::subtree::Node;
use crate::tree::Tree;

/// How many hashes or entries a full tile holds.
pub const TILE_WIDTH: u64 = 256;
/// How many levels of the tree a tile of hashes stands for.
const HEIGHT: u32 = 8;
/// The highest level that hashes of 2^64 entries could reach is far below.
const LEVEL_MAX: u32 = 7;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Hashes of this level of tiles; those of level 0 are the hashes of entries.
    Hashes(u32),
    /// Entries themselves.
    Entries,
}

/// A file with up to 256 hashes or entries. One that is not full is replaced by another one with another
/// name once there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Which of its kind, from the left, beginning with 0.
    pub index: u64,
    /// How many it holds: 1 to 256.
    pub width: u64,
}

impl Tile {
    /// Those that a log of this size consists of.
    pub fn all(size: u64) -> Vec<Self> {
        let levels = (0..=LEVEL_MAX).map(Kind::Hashes);
        let kinds = levels.chain([Kind::Entries]);
        kinds.flat_map(|kind| Self::of_kind(kind, size)).collect()
    }

    fn of_kind(kind: Kind, size: u64) -> impl Iterator<Item = Self> {
        let count = match kind {
            Kind::Hashes(level) => size >> (HEIGHT * level),
            Kind::Entries => size,
        };
        (0..count.div_ceil(TILE_WIDTH)).map(move |index| Self {
            kind,
            index,
            width: TILE_WIDTH.min(count - index * TILE_WIDTH),
        })
    }

    /// The tile of a log of this size that holds what the hash of a node comes from.
    pub fn with_node(node: Node, size: u64) -> Self {
        let level = node.height / HEIGHT;
        let index = (node.index << (node.height % HEIGHT)) / TILE_WIDTH;
        let count = size >> (HEIGHT * level);
        Self {
            kind: Kind::Hashes(level),
            index,
            width: TILE_WIDTH.min(count.saturating_sub(index * TILE_WIDTH)),
        }
    }

    /// The tile of a log of this size that holds an entry.
    pub fn with_entry(entry: u64, size: u64) -> Self {
        let index = entry / TILE_WIDTH;
        Self {
            kind: Kind::Entries,
            index,
            width: TILE_WIDTH.min(size - index * TILE_WIDTH),
        }
    }

    /// Whether it is full, so that it stays for ever.
    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The same once it is full.
    pub fn full(self) -> Self {
        let width = TILE_WIDTH;
        Self { width, ..self }
    }

    /// The first entry that it is about, and the one after the last: of a tile of entries, or of hashes of
    /// entries.
    pub fn entries(self) -> std::ops::Range<u64> {
        let start = self.index * TILE_WIDTH;
        start..start + self.width
    }

    /// The content of a tile of hashes; `None` where the tree does not have them, or it is one of entries.
    pub fn hashes(self, tree: &Tree) -> Option<Vec<u8>> {
        let Kind::Hashes(level) = self.kind else {
            return None;
        };
        let height = level * HEIGHT;
        let mut bytes = Vec::new();
        for index in self.entries() {
            bytes.extend(tree.node(Node { height, index })?.as_bytes());
        }
        Some(bytes)
    }

    /// The hash of a node, out of the content of the tile [with it](Self::with_node), or of that tile once
    /// it was full; `None` where the content has another length than a tile of the log's size.
    pub fn node(self, node: Node, content: &[u8]) -> Option<Sha256> {
        let (hashes, rest) = content.as_chunks::<32>();
        if !rest.is_empty() || (hashes.len() as u64) < self.width {
            return None;
        }
        let within = node.height % HEIGHT;
        let first = (node.index << within) - self.index * TILE_WIDTH;
        let hashes = hashes.get(usize::try_from(first).ok()?..)?;
        let hashes = hashes.get(..1 << within)?;
        let mut level: Vec<_> = hashes.iter().map(|it| Sha256::from_bytes(*it)).collect();
        while level.len() > 1 {
            let pairs = level.chunks(2);
            level = pairs.map(|it| node_hash(it[0], it[1])).collect();
        }
        level.first().copied()
    }

    /// The tile that has this path, below the folder of the log.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (kind, rest) = rest.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(number(level).filter(|it| *it <= u64::from(LEVEL_MAX))? as u32),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, number(width)?),
            None => (rest, TILE_WIDTH),
        };
        let digits: String = index
            .split('/')
            .map(|it| it.trim_start_matches('x'))
            .collect();
        let tile = Self {
            kind,
            // Far fewer tiles than these are ever made.
            index: (digits.len() <= 15).then(|| digits.parse().ok())??,
            width,
        };
        ((1..=TILE_WIDTH).contains(&width) && tile.to_string() == path).then_some(tile)
    }
}

/// A number without zeros or a sign before it.
fn number(text: &str) -> Option<u64> {
    let number = text.parse().ok()?;
    (u64::to_string(&number) == text).then_some(number)
}

/// Its path, below the folder of the log.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}/")?,
            Kind::Entries => f.write_str("tile/entries/")?,
        }
        let (mut high, mut places) = (self.index / 1000, Vec::new());
        while high > 0 {
            places.push(high % 1000);
            high /= 1000;
        }
        for place in places.into_iter().rev() {
            write!(f, "x{place:03}/")?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_full() {
            return Ok(());
        }
        write!(f, ".p/{}", self.width)
    }
}

/// The content of a tile of entries: each with its length before it, in two bytes, the higher first.
/// `None` where one is too long for that.
pub fn bundle<T: AsRef<[u8]>>(entries: impl IntoIterator<Item = T>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        bytes.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bytes.extend(entry);
    }
    Some(bytes)
}

/// The entries in such a content; `None` where it ends in the middle of one.
pub fn entries_of_bundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_both_ways() {
        for (path, kind, index, width) in [
            ("tile/0/000", Kind::Hashes(0), 0, 256),
            ("tile/1/005.p/17", Kind::Hashes(1), 5, 17),
            ("tile/entries/x001/x234/067", Kind::Entries, 1_234_067, 256),
            ("tile/0/x001/000.p/255", Kind::Hashes(0), 1_000, 255),
        ] {
            let tile = Tile { kind, index, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
        for path in [
            "tile/0/0",
            "tile/0/0000",
            "tile/00/000",
            "tile/8/000",
            "tile/entries/001/000",
            "tile/0/x000/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/07",
            "tile/0/../000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/+1/000",
            "checkpoint",
            "tile/0/00é",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    /// The example of the specification.
    #[test]
    fn a_log_of_seventy_thousand_entries_has_these_tiles() {
        let all = Tile::all(70_000);
        let of = |kind| all.iter().filter(move |it| it.kind == kind);
        let widths = |kind| of(kind).map(|it| it.width).collect::<Vec<_>>();
        let mut expected = vec![256; 273];
        expected.push(112);
        assert_eq!(widths(Kind::Hashes(0)), expected);
        assert_eq!(widths(Kind::Entries), expected);
        assert_eq!(widths(Kind::Hashes(1)), [256, 17]);
        assert_eq!(widths(Kind::Hashes(2)), [1]);
        assert!(widths(Kind::Hashes(3)).is_empty());
        assert!(Tile::all(0).is_empty());
    }

    #[test]
    fn a_bundle_gives_back_its_entries() {
        let entries: [&[u8]; 3] = [b"one", b"", b"three"];
        let bytes = bundle(entries).unwrap();
        assert_eq!(bytes, b"\0\x03one\0\0\0\x05three");
        assert_eq!(entries_of_bundle(&bytes).unwrap(), entries);
        for end in [1, 4, 6] {
            assert_eq!(entries_of_bundle(&bytes[..end]), None);
        }
        assert_eq!(bundle([vec![0; 65_536]]), None);
    }
}
