//! Another clone whose objects the mirror uses, so that it need not fetch what is on the disk.
//!
//! It is git's own mechanism, `objects/info/alternates` (gitrepository-layout(5)); libgit2 and the
//! merge engine follow it too. A shallow mirror would save as much and is no choice: merge bases,
//! reverts and `cherry picked from` lines are looked up in history.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::{MirrorError, Result, at};

/// Makes the mirror use the objects of the clone at `reference`, from its next fetch on.
pub(crate) fn use_objects_of(mirror: &Path, reference: &Path) -> Result<()> {
    let objects = objects_of(reference)?;
    let info = mirror.join("objects/info");
    let file = info.join("alternates");
    let before = match fs::read(&file) {
        Ok(before) => before,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(at(file)(error)),
    };
    let line = objects.as_os_str().as_encoded_bytes();
    if before.split(|byte| *byte == b'\n').any(|it| it == line) {
        return Ok(());
    }
    fs::create_dir_all(&info).map_err(at(&info))?;
    // Those that are there stay: the mirror has what it fetched since only together with them.
    let text = [before.as_slice(), line, b"\n"].concat();
    let new = info.join("alternates.new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(at(&new))?;
    fs::rename(&new, &file).map_err(at(file))
}

/// Whether a clone can lend its objects: it has to have all that it should.
///
/// # Errors
/// Where it is no clone, or one that lacks objects.
pub fn check_reference(reference: &Path) -> Result<()> {
    objects_of(reference).map(drop)
}

fn objects_of(reference: &Path) -> Result<std::path::PathBuf> {
    let not_a_clone = || MirrorError::NotAReference(reference.to_owned());
    let repo = git2::Repository::open(reference).map_err(|_| not_a_clone())?;
    let objects = repo.commondir().join("objects");
    let objects = objects.canonicalize().map_err(at(&objects))?;
    // A shallow clone has commits without their parents, which a mirror must have.
    let has_line_break = objects.as_os_str().as_encoded_bytes().contains(&b'\n');
    if repo.is_shallow() || has_line_break {
        return Err(not_a_clone());
    }
    Ok(objects)
}
