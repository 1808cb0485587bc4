//! From a system call's arguments to the path that it looks at.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use crate::filter::{BY_FOLDER, BY_PATH};
use crate::kernel::Waiting;
use crate::look::What;

/// Longest path that the kernel takes, in bytes, with the zero at its end.
const PATH_MAX: usize = 4096;

/// How much is read at a time: paths are short, and what follows them may not be readable.
const PAGE: usize = 4096;

/// What a call looks at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// This, by an absolute path without `..`.
    At(PathBuf, What),
    /// Something that was looked at before, or nothing.
    Nothing,
    /// Nobody can tell.
    Unknown,
}

/// What a call that waits is about to look at.
pub(crate) fn looked(call: &Waiting) -> Looked {
    let (folder, path) = if BY_PATH.contains(&call.number) {
        (None, call.arguments[0])
    } else if BY_FOLDER.contains(&call.number) {
        (Some(call.arguments[0]), call.arguments[1])
    } else {
        return Looked::Unknown;
    };
    let Ok(path) = text(call.thread, path) else {
        return Looked::Unknown;
    };
    // What a descriptor is of was written down when it was opened.
    if path.as_os_str().is_empty() {
        return Looked::Nothing;
    }
    match absolute(call.thread, folder, path) {
        Some(path) => Looked::At(path, what(call)),
        None => Looked::Unknown,
    }
}

/// The text at an address of a thread's memory, up to its zero.
fn text(thread: u32, address: u64) -> io::Result<PathBuf> {
    let memory = File::open(format!("/proc/{thread}/mem"))?;
    let mut bytes = Vec::new();
    while bytes.len() < PATH_MAX {
        let at = address + bytes.len() as u64;
        // Up to the end of the page: the next one may not be there.
        let page = PAGE as u64;
        let rest = usize::try_from(page - at % page).unwrap_or(PAGE);
        let mut read = [0; PAGE];
        let read = &mut read[..rest.min(256)];
        memory.read_exact_at(read, at)?;
        if let Some(end) = read.iter().position(|byte| *byte == 0) {
            bytes.extend_from_slice(&read[..end]);
            return Ok(OsString::from_vec(bytes).into());
        }
        bytes.extend_from_slice(read);
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// The path that a thread means; `None`: nobody can tell without walking it as the kernel does.
fn absolute(thread: u32, folder: Option<u64>, path: PathBuf) -> Option<PathBuf> {
    let path = if path.is_absolute() {
        path
    } else {
        from(thread, folder)?.join(path)
    };
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    (!goes_up && !is_by_process(&path)).then_some(path)
}

/// The folder that a relative path begins at.
fn from(thread: u32, folder: Option<u64>) -> Option<PathBuf> {
    // A descriptor is an `int`, and the upper half of its register says nothing.
    #[expect(clippy::cast_possible_truncation)]
    let folder = folder.map_or(libc::AT_FDCWD, |folder| folder as i32);
    let link = if folder == libc::AT_FDCWD {
        format!("/proc/{thread}/cwd")
    } else {
        format!("/proc/{thread}/fd/{folder}")
    };
    fs::read_link(link).ok()
}

/// Whether a path leads on from a process's descriptors or folders, to wherever these are.
fn is_by_process(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().collect();
    let leads_on = |part: &&OsStr| ["root", "cwd", "fd"].iter().any(|magic| *part == *magic);
    match parts.as_slice() {
        // Of the last part, nothing is followed but to it itself.
        [_, first, between @ .., _] if *first == "proc" => between.iter().any(leads_on),
        [_, first, between @ .., _] if *first == "dev" => between.iter().any(leads_on),
        _ => false,
    }
}

/// What of its path a call looks at.
fn what(call: &Waiting) -> What {
    // Flags are an `int`: the upper half of the register says nothing.
    let has = |at: usize, flag: i32| call.arguments[at] & u64::from(flag.unsigned_abs()) != 0;
    match call.number {
        #[cfg(target_arch = "x86_64")]
        libc::SYS_lstat | libc::SYS_readlink => What::Entry,
        libc::SYS_readlinkat => What::Entry,
        libc::SYS_newfstatat | libc::SYS_faccessat2 if has(3, libc::AT_SYMLINK_NOFOLLOW) => {
            What::Entry
        }
        libc::SYS_statx if has(2, libc::AT_SYMLINK_NOFOLLOW) => What::Entry,
        libc::SYS_openat if has(2, libc::O_PATH) && has(2, libc::O_NOFOLLOW) => What::Entry,
        libc::SYS_openat if has(2, libc::O_PATH) => What::Kind,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_open => What::Content,
        // The flags of the latter are in a structure: to take it for more than it is loses nothing.
        libc::SYS_openat | libc::SYS_openat2 => What::Content,
        _ => What::Kind,
    }
}
