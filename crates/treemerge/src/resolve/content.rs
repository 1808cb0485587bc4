//! Merges one file's mode and content.

use super::{GIT_ABORTS, Resolver};
use crate::{
    conflict::ConflictKind,
    id::{Mode, ObjectId, Version},
    kind::Kind,
    objects::{Objects, Overlay},
    stop::Stop,
    text::{self, TextMerge},
};

/// The outcome of a file's three versions.
pub(super) struct FileMerge {
    pub(super) item: Version,
    pub(super) conflict: Option<ConflictKind>,
}

impl<O: Objects> Resolver<'_, '_, '_, O> {
    /// Merges a file's mode and content. Where the content conflicts, the item is ours.
    pub(super) fn merge_file(
        &mut self,
        path: &[u8],
        base: Option<Version>,
        ours: Version,
        theirs: Version,
    ) -> Result<FileMerge, Stop> {
        if !ours.mode.same_type(theirs.mode) {
            return Err(Stop::Unsure(GIT_ABORTS));
        }
        let base_mode = base.map(|item| item.mode);
        let base_id = base.map(|item| item.id);
        let mut conflict = None;
        let mode = if ours.mode == theirs.mode || Some(ours.mode) == base_mode {
            theirs.mode
        } else {
            if Some(theirs.mode) != base_mode {
                conflict = Some(ConflictKind::Mode);
            }
            ours.mode
        };
        let id = if ours.id == theirs.id || Some(ours.id) == base_id {
            theirs.id
        } else if Some(theirs.id) == base_id {
            ours.id
        } else if mode.is_regular() {
            let base = base
                .filter(|base| base.mode.is_regular())
                .map(|base| base.id);
            match self.merge_content(path, base, ours.id, theirs.id)? {
                Ok(id) => id,
                Err(kind) => {
                    conflict = Some(kind);
                    ours.id
                }
            }
        } else {
            conflict = Some(if mode == Mode::Submodule {
                ConflictKind::Submodule
            } else {
                ConflictKind::Symlink
            });
            ours.id
        };
        Ok(FileMerge {
            item: Version { mode, id },
            conflict,
        })
    }

    fn merge_content(
        &mut self,
        path: &[u8],
        base: Option<ObjectId>,
        ours: ObjectId,
        theirs: ObjectId,
    ) -> Result<Result<ObjectId, ConflictKind>, Stop> {
        self.texts_merged += 1;
        // A file may be merged twice, if it was renamed to a name that is taken.
        let objects = Overlay::new(&self.new, self.objects);
        let read = |id: &ObjectId| objects.read(id, Kind::Blob);
        let base = base.as_ref().map(read).transpose()?;
        let base: &[u8] = base.as_ref().map_or(&[], |content| content.as_slice());
        let merged = text::merge(
            base,
            &read(&ours)?,
            &read(&theirs)?,
            self.drivers.driver(path),
        );
        Ok(match merged {
            TextMerge::Clean(content) => Ok(self.new.add(Kind::Blob, content)),
            TextMerge::Conflict => Err(ConflictKind::Content),
            TextMerge::Binary => Err(ConflictKind::Binary),
            TextMerge::BeyondGit => return Err(Stop::Unsure("git fails over a file's lines")),
        })
    }
}
