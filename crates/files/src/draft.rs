//! A folder that is there whole or not at all.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::whole::{TEMPORARY, parent, sync_dir, sync_parent};

/// A folder that is being filled, under a temporary name. Dropped, it is removed.
///
/// The files in it are synced by whoever writes them.
#[derive(Debug)]
pub struct Draft {
    dir: TempDir,
}

impl Draft {
    /// A new, empty folder in `dir`, which others can look into once it has its name.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir_in(dir)?;
        Ok(Self { dir })
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Gives it its name, on the same file system, in place of the folder that may have it.
    ///
    /// Killed in between, there may be none of that name: the old one was put aside, the new one
    /// has not got its name yet.
    ///
    /// # Errors
    /// Where it cannot be renamed.
    pub fn put_at(self, path: &Path) -> io::Result<()> {
        sync_dir(self.path())?;
        Self::take(path)?;
        fs::rename(self.path(), path)?;
        // It has another name now; there is nothing left to remove.
        let _ = self.dir.keep();
        sync_parent(path)
    }

    /// Takes the name away from the folder that may have it, at one instant, as a draft to drop;
    /// `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be renamed.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        // A folder can be renamed over an empty one only: that is what the new draft is for.
        let aside = Self::in_dir(parent(path)?)?;
        match fs::rename(path, aside.path()) {
            Ok(()) => sync_parent(path).map(|()| Some(aside)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_the_place_of_another_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("place");
        for content in ["one", "two"] {
            let draft = Draft::in_dir(dir.path()).unwrap();
            fs::write(draft.path().join(content), content).unwrap();
            draft.put_at(&place).unwrap();
            let there: Vec<_> = fs::read_dir(&place).unwrap().collect();
            assert_eq!(there.len(), 1);
            assert!(place.join(content).exists());
        }
        drop(Draft::in_dir(dir.path()).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(Draft::take(&place).unwrap().is_some());
        assert!(Draft::take(&place).unwrap().is_none());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
