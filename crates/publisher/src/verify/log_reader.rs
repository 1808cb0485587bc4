//! The tiles of a release log, read as a stranger reads them.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{ChannelName, ReleaseSeq, Sha256};
use picket_releaselog::{Entry, Node, Subtree, TILE_WIDTH, Tile, entries_of_bundle};
use url::Url;

use crate::http::{self, HttpError};
use crate::release_log::{BUNDLE_MAX, LogFile};
use crate::source::Source;

/// Reads the tiles of a log with so many entries.
#[derive(Debug)]
pub(super) struct LogReader<'a> {
    pub(super) source: &'a Source,
    /// The folder of the log.
    pub(super) at: &'a Url,
    pub(super) size: u64,
}

impl LogReader<'_> {
    /// The entry that is about the release with this number, and which it is; `None` where there is none.
    /// What is looked for is mostly among the last ones. That an entry is in the log is not proved by this.
    pub(super) async fn find(
        &self,
        channel: &ChannelName,
        seq: ReleaseSeq,
    ) -> Result<Option<(u64, Entry)>, String> {
        let tiles = self.size.div_ceil(TILE_WIDTH);
        for index in (0..tiles).rev() {
            let tile = Tile::with_entry(index * TILE_WIDTH, self.size);
            let content = self.tile(tile).await?;
            let lines = entries_of_bundle(&content).filter(|it| it.len() as u64 >= tile.width);
            let lines =
                lines.ok_or_else(|| format!("{tile} holds other entries than it should"))?;
            // Formats to come are about something else.
            let entries = tile.entries().zip(lines);
            let entries = entries.filter_map(|(at, line)| Some((at, Entry::parse(line).ok()?)));
            let found = entries.filter(|(_, it)| it.is_about(channel, seq)).last();
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The hashes of these parts of the tree.
    pub(super) async fn hashes(&self, parts: &[Subtree]) -> Result<Vec<Sha256>, String> {
        let nodes = parts.iter().flat_map(|it| it.nodes());
        let needed: BTreeSet<_> = nodes.map(|it| Tile::with_node(it, self.size)).collect();
        let mut tiles = BTreeMap::new();
        for tile in needed {
            tiles.insert(tile, self.tile(tile).await?);
        }
        let node = |node: Node| {
            let tile = Tile::with_node(node, self.size);
            tile.node(node, tiles.get(&tile)?)
        };
        let hashes = parts.iter().map(|it| it.hash(node));
        let hashes = hashes.collect::<Option<_>>();
        hashes.ok_or_else(|| "a tile holds other hashes than it should".to_owned())
    }

    /// The content of a tile, or of the one that took its place once that was full.
    async fn tile(&self, tile: Tile) -> Result<Vec<u8>, String> {
        let read = async |tile: Tile| {
            let url = http::below(self.at, &LogFile::Tile(tile).to_string())?;
            self.source.read(&url, BUNDLE_MAX).await
        };
        let say = |error: HttpError| format!("{}: {}", error.url, error.reason);
        let mut content = read(tile).await.map_err(say)?;
        if content.is_none() && !tile.is_full() {
            content = read(tile.full()).await.map_err(say)?;
        }
        content.ok_or_else(|| format!("{tile} is not there"))
    }
}
