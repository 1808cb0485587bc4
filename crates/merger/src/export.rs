//! A commit's tree as files.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository, TreeEntry};
use picket_domain::CommitSha;

use crate::error::{MergeError, Result, at};
use crate::guard::is_safe_name;
use crate::ids::need_commit;

const EXECUTABLE: i32 = 0o100_755;
const LINK: i32 = 0o120_000;

/// Writes the tree beside its place and moves it there when it is whole and on the disk.
///
/// Files are `0644` or `0755` whatever the umask is. No filter of `.gitattributes` is applied. A
/// submodule is an empty folder, as in git's own checkouts.
pub(crate) fn export(repo: &Repository, rev: &CommitSha, dest: &Path) -> Result<()> {
    let dest = std::path::absolute(dest).map_err(at(dest))?;
    if is_there(&dest)? {
        return Ok(());
    }
    let tree = need_commit(repo, rev)?.tree_id();
    let partial = partial(&dest)?;
    let folder = claim(&partial)?;
    if is_there(&dest)? {
        // Another call made it while this one waited; what it claimed is then new and empty.
        return match fs::remove_dir(&partial) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(at(partial)(error)),
        };
    }
    clear(&partial)?;
    let writer = Writer { repo, rev };
    writer.folder(tree, &partial, Path::new(""))?;
    rustix::fs::syncfs(&folder).map_err(|error| at(&partial)(error.into()))?;
    fs::rename(&partial, &dest).map_err(at(&dest))
}

/// `.<name>.partial` in the same folder.
fn partial(dest: &Path) -> Result<PathBuf> {
    let no_name = || at(dest)(ErrorKind::InvalidInput.into());
    let name = dest.file_name().ok_or_else(no_name)?;
    let mut partial = std::ffi::OsString::from(".");
    partial.push(name);
    partial.push(".partial");
    Ok(dest.with_file_name(partial))
}

/// Opens and locks the folder, so that two calls do not write it at once. The lock ends with its
/// holder, however that ends.
fn claim(partial: &Path) -> Result<File> {
    fs::create_dir_all(partial).map_err(at(partial))?;
    let folder = File::open(partial).map_err(at(partial))?;
    folder.lock().map_err(at(partial))?;
    Ok(folder)
}

fn clear(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(at(&path))?.is_dir();
        let removed = if is_folder {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(at(path))?;
    }
    Ok(())
}

fn is_there(path: &Path) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

struct Writer<'r> {
    repo: &'r Repository,
    rev: &'r CommitSha,
}

impl Writer<'_> {
    /// Fills a folder that exists. Everything in it is made new and nothing that exists is opened,
    /// so that a symbolic link of the tree is never followed, also where a hostile tree names the
    /// same entry twice.
    fn folder(&self, tree: Oid, folder: &Path, inside: &Path) -> Result<()> {
        for entry in &self.repo.find_tree(tree)? {
            let name = OsStr::from_bytes(entry.name_bytes());
            let inside = inside.join(name);
            if !is_safe_name(entry.name_bytes()) {
                let (rev, path) = (self.rev.clone(), inside.to_string_lossy().into_owned());
                return Err(MergeError::UnsafePath { rev, path });
            }
            let path = folder.join(name);
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    fs::create_dir(&path).map_err(at(&path))?;
                    self.folder(entry.id(), &path, &inside)?;
                }
                Some(ObjectType::Blob) => self.file(&entry, &path)?,
                _ => fs::create_dir(&path).map_err(at(&path))?,
            }
        }
        Ok(())
    }

    fn file(&self, entry: &TreeEntry<'_>, path: &Path) -> Result<()> {
        let blob = self.repo.find_blob(entry.id())?;
        if entry.filemode() == LINK {
            return symlink(OsStr::from_bytes(blob.content()), path).map_err(at(path));
        }
        let mode = if entry.filemode() == EXECUTABLE {
            0o755
        } else {
            0o644
        };
        let write = || {
            let mut file = File::create_new(path)?;
            file.write_all(blob.content())?;
            file.set_permissions(Permissions::from_mode(mode))
        };
        write().map_err(at(path))
    }
}
