//! The trees of releases that are gone.
//!
//! People have locks on a release after its folder is gone. Its tree stays in the binary cache as long
//! as any other path does that the release had there, and at least as long as a path stays that
//! nobody needs: a note, written before the folder goes, says which those are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{ChannelName, ReleaseName, Timestamp};
use picket_files::{read_bounded, remove_file, remove_leftovers, write_whole};
use serde::{Deserialize, Serialize};

use crate::cache_file::HashPart;
use crate::error::{AtPath, PublishError};
use crate::manifest::Manifest;
use crate::public_dir::names_in;
use crate::publisher::Publisher;

/// A hundred thousand store paths fit.
const SIZE_MAX: u64 = 8 * 1024 * 1024;

/// What a release that is gone had in the binary cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TreeNote {
    /// When it went.
    pub(super) at: Timestamp,
    /// Its tree.
    pub(crate) tree: HashPart,
    /// Its other store paths.
    pub(super) paths: Vec<HashPart>,
}

impl TreeNote {
    /// That of a release which goes now; `None` where its manifest does not say what its tree is.
    pub(super) fn of(manifest: &Manifest, at: Timestamp) -> Option<Self> {
        let tree = HashPart::from(&manifest.tree.as_ref()?.store_path);
        let paths = manifest.store_paths.iter();
        let paths = paths.map(|it| HashPart::from(&it.path));
        let paths = paths.filter(|path| *path != tree).collect();
        Some(Self { at, tree, paths })
    }
}

impl Publisher {
    /// Writes down what a release has in the binary cache, before its folder goes.
    pub(super) fn note_tree(
        &self,
        channel: &ChannelName,
        name: &ReleaseName,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let manifest = self.dir.manifest(channel, name)?;
        let Some(note) = manifest.and_then(|manifest| TreeNote::of(&manifest, now)) else {
            return Ok(());
        };
        let dir = self.notes_dir(channel);
        fs::create_dir_all(&dir).at(&dir)?;
        remove_leftovers(&dir).at(&dir)?;
        let path = dir.join(format!("{name}.json"));
        let note = serde_json::to_vec(&note).map_err(io::Error::other);
        write_whole(&path, &note.at(&path)?).at(&path)
    }

    /// All notes. One that cannot be understood keeps nothing.
    pub(crate) fn tree_notes(&self) -> Result<Vec<(PathBuf, TreeNote)>, PublishError> {
        let mut notes = Vec::new();
        for channel in self.channels_on_disk()? {
            let dir = self.notes_dir(&channel);
            for name in names_in(&dir)? {
                let path = dir.join(name);
                notes.extend(read_note(&path)?.map(|note| (path, note)));
            }
        }
        Ok(notes)
    }

    /// Removes the notes of trees that are not there any more.
    pub(super) fn forget_trees(
        &self,
        is_there: impl Fn(&HashPart) -> bool,
    ) -> Result<(), PublishError> {
        for (path, note) in self.tree_notes()? {
            if !is_there(&note.tree) {
                remove_file(&path).at(&path)?;
            }
        }
        Ok(())
    }

    fn notes_dir(&self, channel: &ChannelName) -> PathBuf {
        self.dir.releases_dir(channel).join(".trees")
    }
}

fn read_note(path: &Path) -> Result<Option<TreeNote>, PublishError> {
    let bytes = read_bounded(path, SIZE_MAX).at(path)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}
