//! A commit's tree as files.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ObjectType, Oid, Repository, TreeEntry};
use picket_domain::CommitSha;

use crate::error::{MirrorError, Result, Unwritable, at};
use crate::ids::need_commit;
use crate::trees::guard::{is_path, is_target, unwritable_name};

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
    let mut writer = Writer {
        repo,
        rev,
        entries: 0,
        bytes: 0,
    };
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

/// More files than any nixpkgs has, and more bytes. A few trees that name each other often stand
/// for more than fits on any disk.
const MAX_ENTRIES: usize = 2_000_000;
const MAX_BYTES: u64 = 8 << 30;

struct Writer<'r> {
    repo: &'r Repository,
    rev: &'r CommitSha,
    entries: usize,
    bytes: u64,
}

impl Writer<'_> {
    /// Fills a folder that exists. Everything in it is made new and nothing that exists is opened,
    /// so that a symbolic link of the tree is never followed, also where a hostile tree names the
    /// same entry twice.
    fn folder(&mut self, tree: Oid, folder: &Path, inside: &Path) -> Result<()> {
        let repo = self.repo;
        let tree = self.object(inside, repo.find_tree(tree))?;
        for entry in &tree {
            let name = OsStr::from_bytes(entry.name_bytes());
            let (path, inside) = (folder.join(name), inside.join(name));
            self.entries += 1;
            self.check(&entry, &inside)?;
            let made = match entry.kind() {
                Some(ObjectType::Tree) => fs::create_dir(&path),
                Some(ObjectType::Blob) => self.file(&entry, &path, &inside)?,
                _ => fs::create_dir(&path),
            };
            made.map_err(|error| self.failed(error, &path, &inside))?;
            if entry.kind() == Some(ObjectType::Tree) {
                self.folder(entry.id(), &path, &inside)?;
            }
        }
        Ok(())
    }

    fn check(&self, entry: &TreeEntry<'_>, inside: &Path) -> Result<()> {
        if let Some(reason) = unwritable_name(entry.name_bytes()) {
            return Err(self.unwritable(inside, reason));
        }
        if !is_path(inside.as_os_str().as_bytes()) {
            return Err(self.unwritable(inside, Unwritable::LongPath));
        }
        match self.entries > MAX_ENTRIES || self.bytes > MAX_BYTES {
            true => Err(self.unwritable(inside, Unwritable::TooMuch)),
            false => Ok(()),
        }
    }

    /// Writes a file or link; the outer error is the tree's, the inner one the machine's.
    fn file(
        &mut self,
        entry: &TreeEntry<'_>,
        path: &Path,
        inside: &Path,
    ) -> Result<io::Result<()>> {
        let repo = self.repo;
        let blob = self.object(inside, repo.find_blob(entry.id()))?;
        let content = blob.content();
        self.bytes += content.len() as u64;
        if entry.filemode() == LINK {
            return match is_target(content) {
                true => Ok(symlink(OsStr::from_bytes(content), path)),
                false => Err(self.unwritable(inside, Unwritable::LinkTarget)),
            };
        }
        let mode = if entry.filemode() == EXECUTABLE {
            0o755
        } else {
            0o644
        };
        let write = || {
            let mut file = File::create_new(path)?;
            file.write_all(content)?;
            file.set_permissions(Permissions::from_mode(mode))
        };
        Ok(write())
    }

    fn object<T>(&self, inside: &Path, found: std::result::Result<T, git2::Error>) -> Result<T> {
        found.map_err(|error| match error.class() {
            ErrorClass::Os | ErrorClass::NoMemory => error.into(),
            _ => self.unwritable(inside, Unwritable::Object),
        })
    }

    /// Whether the tree or the machine is to blame for what could not be made.
    fn failed(&self, error: io::Error, path: &Path, inside: &Path) -> MirrorError {
        match error.kind() {
            ErrorKind::AlreadyExists => self.unwritable(inside, Unwritable::Twice),
            ErrorKind::InvalidFilename => self.unwritable(inside, Unwritable::LongPath),
            ErrorKind::InvalidInput => self.unwritable(inside, Unwritable::RefusedName),
            _ => at(path)(error),
        }
    }

    fn unwritable(&self, inside: &Path, reason: Unwritable) -> MirrorError {
        MirrorError::UnwritableTree {
            rev: self.rev.clone(),
            path: inside.to_string_lossy().chars().take(200).collect(),
            reason,
        }
    }
}
