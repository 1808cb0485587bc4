//! Conflicts that people have settled before: the same path and the same three versions.

use picket_domain::{FileMode, ResolvedContent, ResolvedFile, ResolvedSet, Sha256};
use picket_treemerge::{
    Conflicts, Kind, Mode, NewObjects, ObjectId, Objects, UpdateTreeError, Version, update_tree,
};

use crate::engine::versions;
use crate::error::{MergeError, Result};
use crate::pick::input::Contents;

/// Puts what people made of the conflicting files into the clean part of the merge: the whole tree,
/// and the objects of it that the mirror may lack. `None` where they did not say so of each file.
/// `objects` has to have those of the conflict.
pub(crate) fn settle(
    objects: &impl Objects,
    found: &Conflicts,
    resolved: &ResolvedSet,
    contents: &Contents,
) -> Result<Option<(ObjectId, NewObjects)>> {
    if !found.can_be_settled() {
        return Ok(None);
    }
    let (mut changes, mut new) = (Vec::new(), NewObjects::default());
    for conflict in &found.paths {
        let path = std::str::from_utf8(&conflict.path).ok();
        let file = path.and_then(|path| resolved.find(path, &versions(conflict.stages)));
        let Some(ResolvedFile { path, result, .. }) = file else {
            return Ok(None);
        };
        let version = match result {
            Some(result) => Some(version(path, result, contents, &mut new)?),
            None => None,
        };
        changes.push((conflict.path.clone(), version));
    }
    let (tree, trees) = match update_tree(objects, found.tree, &changes) {
        Ok(updated) => updated,
        Err(UpdateTreeError::Read(error)) => return Err(error.into()),
        // No tree can have such a path: then it is no conflict of files either.
        Err(UpdateTreeError::Path(_)) => return Ok(None),
    };
    new.extend(trees);
    Ok(Some((tree, new)))
}

fn version(
    path: &str,
    result: &ResolvedContent,
    contents: &Contents,
    new: &mut NewObjects,
) -> Result<Version> {
    let missing = || MergeError::MissingContent {
        path: path.to_owned(),
        content: result.content.clone(),
    };
    let content = contents.get(&result.content).ok_or_else(missing)?;
    if result.content != Sha256::of(content).into() {
        return Err(missing());
    }
    let mode = match result.mode {
        FileMode::Plain => Mode::File,
        FileMode::Executable => Mode::Executable,
        FileMode::Link => Mode::Symlink,
        FileMode::Submodule => {
            let commit = std::str::from_utf8(content).ok();
            let id = commit.and_then(|commit| commit.parse().ok());
            return Ok(Version {
                mode: Mode::Submodule,
                id: id.ok_or_else(missing)?,
            });
        }
    };
    let id = new.add(Kind::Blob, content.clone());
    Ok(Version { mode, id })
}
