//! Removing, where what is gone already is as good.

use std::fs;
use std::io;
use std::path::Path;

use crate::whole::TEMPORARY;

/// Removes a file; says whether it was there.
///
/// # Errors
/// Where it cannot be removed.
pub fn remove_file(path: &Path) -> io::Result<bool> {
    was_there(fs::remove_file(path))
}

/// Removes a folder with all that is in it; says whether it was there.
///
/// # Errors
/// Where it cannot be removed.
pub fn remove_dir(dir: &Path) -> io::Result<bool> {
    was_there(fs::remove_dir_all(dir))
}

fn was_there(removed: io::Result<()>) -> io::Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes what killed processes left in this folder, which need not exist. The caller makes sure
/// that no living one is at work there, as [`crate::WorkLock`] does.
///
/// # Errors
/// Where something cannot be removed.
pub fn remove_leftovers(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            remove_dir(&entry.path())?;
        } else {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_the_rest_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".tmp-abc"), "half").unwrap();
        fs::create_dir_all(dir.path().join(".tmp-def/x")).unwrap();
        fs::write(dir.path().join("whole"), "whole").unwrap();
        remove_leftovers(dir.path()).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        remove_leftovers(&dir.path().join("absent")).unwrap();
    }

    #[test]
    fn what_is_gone_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(remove_file(&file).unwrap());
        assert!(!remove_file(&file).unwrap());
        assert!(!remove_dir(&file).unwrap());
    }
}
