//! A folder that holds a tree, and is moved from one tree to the next.
//!
//! A whole export writes tens of thousands of files; two revisions differ in a few. What the folder
//! holds is written down beside it. The note is taken away before the first file is touched and
//! comes back after the last, so a folder without one is in the middle of something, and is made
//! anew.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use git2::Oid;
use serde::{Deserialize, Serialize};

use crate::error::{ImpactError, at};
use crate::git::{Change, Entry, EntryKind, Git};

/// A folder with a tree in it. It belongs to one process at a time, which the lock sees to.
#[derive(Debug)]
pub(crate) struct Checkout {
    folder: PathBuf,
    _lock: fs::File,
}

/// What is in the folder.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    tree: String,
    /// Files of the tree whose content the repository lacks.
    missing: Vec<String>,
}

impl Checkout {
    /// The checkout in this folder; waits for the process that has it.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, ImpactError> {
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let path = folder.join("lock");
        let lock = fs::File::create(&path).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// Where the files are.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// Makes it hold this tree, and says which of its files are missing in the repository.
    pub(crate) fn to(&self, git: &Git, tree: Oid) -> Result<Vec<String>, ImpactError> {
        let note_path = self.folder.join("note.json");
        let note = fs::read(&note_path).ok();
        let note: Option<Note> = note.and_then(|note| serde_json::from_slice(&note).ok());
        let held = note.and_then(|note| Some((Oid::from_str(&note.tree).ok()?, note.missing)));
        if let Some((held, missing)) = &held
            && *held == tree
        {
            return Ok(missing.clone());
        }
        remove_file(&note_path)?;
        let missing = match held {
            Some((held, missing)) => self.follow(git, &git.changes(held, tree)?, missing)?,
            None => self.export(git, tree)?,
        };
        let note = Note {
            tree: tree.to_string(),
            missing,
        };
        write_note(&note_path, &note)?;
        Ok(note.missing)
    }

    fn export(&self, git: &Git, tree: Oid) -> Result<Vec<String>, ImpactError> {
        let root = self.files();
        match fs::remove_dir_all(&root) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&root)(error)),
            _ => {}
        }
        let mut missing = Vec::new();
        for (path, entry) in git.files(tree)? {
            if !put(git, &root.join(&path), entry)? {
                missing.push(path);
            }
        }
        Ok(missing)
    }

    fn follow(
        &self,
        git: &Git,
        changes: &[Change],
        mut missing: Vec<String>,
    ) -> Result<Vec<String>, ImpactError> {
        // A folder can take a file's place: what goes, goes first.
        for Change { path, .. } in changes {
            remove_file(&self.files().join(path))?;
            missing.retain(|it| it != path);
            self.remove_empty_folders(path);
        }
        for Change { path, new, .. } in changes {
            if let Some(entry) = new
                && !put(git, &self.files().join(path), *entry)?
            {
                missing.push(path.clone());
            }
        }
        Ok(missing)
    }

    /// Trees have no empty folders, and `readDir` would see them.
    fn remove_empty_folders(&self, path: &str) {
        let mut folder = Path::new(path).parent();
        while let Some(it) = folder.filter(|it| !it.as_os_str().is_empty()) {
            if fs::remove_dir(self.files().join(it)).is_err() {
                break;
            }
            folder = it.parent();
        }
    }
}

/// Writes a file; says whether its content is there to be written.
fn put(git: &Git, path: &Path, entry: Entry) -> Result<bool, ImpactError> {
    let Some(content) = git.content(entry.id)? else {
        return Ok(false);
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    match entry.kind {
        EntryKind::Link => {
            let target = std::ffi::OsStr::new(std::str::from_utf8(&content).unwrap_or("/invalid"));
            symlink(target, path).map_err(at(path))?;
        }
        EntryKind::File => write(path, &content, 0o644)?,
        EntryKind::Executable => write(path, &content, 0o755)?,
    }
    Ok(true)
}

/// A new file: what is there already, or a link that is, is never written through.
fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), ImpactError> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(path);
    let mut file = file.map_err(at(path))?;
    std::io::Write::write_all(&mut file, content).map_err(at(path))
}

fn write_note(path: &Path, note: &Note) -> Result<(), ImpactError> {
    let text = serde_json::to_vec(note)
        .map_err(std::io::Error::from)
        .map_err(at(path))?;
    let draft = path.with_extension("draft");
    fs::write(&draft, text).map_err(at(&draft))?;
    fs::rename(&draft, path).map_err(at(path))
}

fn remove_file(path: &Path) -> Result<(), ImpactError> {
    match fs::remove_file(path) {
        // Its folder may be a file by now.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(())
        }
        done => done.map_err(at(path)),
    }
}
