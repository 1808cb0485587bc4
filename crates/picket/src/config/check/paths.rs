//! Files and folders that the configuration names.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use toml::Spanned;

use super::value::Checked;
use crate::config::Secret;
use crate::config::error::Problem;

/// No secret that Picket reads is longer, in bytes.
const SECRET_MAX: u64 = 16 << 10;

/// Relative paths in the file are relative to the file's own folder.
pub(super) struct Paths {
    folder: PathBuf,
}

impl Paths {
    pub(super) fn of(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        Self { folder }
    }

    pub(super) fn absolute(&self, path: &Spanned<PathBuf>) -> Checked<PathBuf> {
        let refuse = |text| Problem::new(path.span(), text, "write a path");
        if path.as_ref().as_os_str().as_encoded_bytes().contains(&0) {
            return Err(refuse("holds a NUL character".to_owned()));
        }
        if path.as_ref().as_os_str().is_empty() {
            return Err(refuse("is empty".to_owned()));
        }
        std::path::absolute(self.folder.join(path.as_ref()))
            .map_err(|error| refuse(format!("is no path: {error}")))
    }

    /// A folder that Picket can write in, or make.
    pub(super) fn writable_folder(&self, path: &Spanned<PathBuf>) -> Checked<PathBuf> {
        let folder = self.absolute(path)?;
        if folder
            .as_os_str()
            .as_bytes()
            .iter()
            .any(u8::is_ascii_control)
        {
            let text = "the folder's name has a line break or another control character in it";
            let remedy = "name a folder without: git reads such names line by line";
            return Err(Problem::new(path.span(), text, remedy));
        }
        can_make(&folder).map_err(|text| {
            let remedy = "name a folder that Picket's user may write in, or make";
            Problem::new(path.span(), text, remedy)
        })?;
        Ok(folder)
    }

    /// The text of a secret's file: one line of printable ASCII.
    pub(super) fn secret(&self, path: &Spanned<PathBuf>) -> Checked<Secret<String>> {
        let file = self.absolute(path)?;
        let refuse = |text: String| {
            let remedy = "write the secret alone into the file, on one line, readable to \
                          Picket's user alone";
            let text = format!("{}: {text}", file.display());
            Problem::new(path.span(), text, remedy)
        };
        let text = read_small(&file).map_err(|error| refuse(format!("cannot read it: {error}")))?;
        match flaw(text.expose()) {
            Some(flaw) => Err(refuse(flaw.to_owned())),
            None => Ok(Secret::new(text.expose().trim().to_owned())),
        }
    }
}

fn flaw(text: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic();
    match text.trim() {
        "" => Some("it is empty"),
        it if it.starts_with('\u{feff}') => Some("it begins with a byte order mark"),
        it if it.contains('\n') => Some("it has more than one line"),
        it if !it.bytes().all(is_plain) => Some("it holds white space, or more than ASCII"),
        _ => None,
    }
}

fn read_small(file: &Path) -> std::io::Result<Secret<String>> {
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut text = String::new();
    File::open(file)?
        .take(SECRET_MAX + 1)
        .read_to_string(&mut text)?;
    let text = Secret::new(text);
    if text.expose().len() as u64 > SECRET_MAX {
        return Err(std::io::Error::other("it is too long for a secret"));
    }
    Ok(text)
}

/// Whether a folder can be written in; one that is not there, whether it can be made.
pub(super) fn can_make(folder: &Path) -> Result<(), String> {
    let there = folder.ancestors().find(|it| it.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(format!("{} is no folder", there.display()));
    }
    access(there, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("cannot write in {}: {error}", there.display()))
}
