//! What a look shows in a tree.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use picket_domain::Sha256;
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::look::{Look, What};

/// A tree that can be looked at.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    folder: OwnedFd,
}

impl Tree {
    /// The tree in a folder.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = folder.canonicalize()?;
        let folder = rustix::fs::open(&root, flags, Mode::empty())?;
        Ok(Self { root, folder })
    }

    /// The path without links in it, relative to the tree; `None`: it leads out of the tree, or
    /// through what is not there.
    pub fn real_path(&self, path: &Path) -> Option<PathBuf> {
        let whole = self.root.join(path);
        let real = whole.canonicalize().or_else(|_| {
            // What is not there has no links of its own.
            let (parent, name) = (whole.parent(), whole.file_name());
            let (parent, name) = parent.zip(name).ok_or(io::ErrorKind::NotFound)?;
            parent.canonicalize().map(|parent| parent.join(name))
        });
        real.ok()?.strip_prefix(&self.root).ok().map(Path::to_owned)
    }

    /// What a look shows, as a digest; `None`: it leads out of the tree, or to what is neither file
    /// nor folder, and nobody can tell.
    pub fn digest(&self, look: &Look) -> Option<Sha256> {
        let shown = match look.what {
            What::Entry => self.kind(&look.path, OFlags::NOFOLLOW),
            What::Kind => self.kind(&look.path, OFlags::empty()),
            What::Content => self.content(&look.path),
        };
        match shown {
            Ok(shown) => Some(shown),
            Err(Errno::NOENT | Errno::NOTDIR) => Some(Sha256::of(b"nothing")),
            Err(_) => None,
        }
    }

    /// What is there. Links in the folders before it are followed in any case, within the tree.
    fn kind(&self, path: &Path, follow: OFlags) -> Result<Sha256, Errno> {
        let there = self.open_at(path, OFlags::PATH | follow)?;
        let stat = rustix::fs::fstat(&there)?;
        Ok(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Sha256::of(file_kind(&stat)),
            FileType::Directory => Sha256::of(b"folder"),
            FileType::Symlink => {
                let leads_to = rustix::fs::readlinkat(&there, "", Vec::new())?;
                Sha256::of(&[b"link to ", leads_to.as_bytes()].concat())
            }
            _ => return Err(Errno::INVAL),
        })
    }

    fn content(&self, path: &Path) -> Result<Sha256, Errno> {
        // What it is, is found out before it is opened: to open a pipe could take for ever.
        let there = self.open_at(path, OFlags::PATH)?;
        let stat = rustix::fs::fstat(&there)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                let mut file = File::from(self.open_at(path, OFlags::RDONLY)?);
                let mut bytes = [file_kind(&stat), b":"].concat();
                file.read_to_end(&mut bytes)
                    .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
                Ok(Sha256::of(&bytes))
            }
            FileType::Directory => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                names(Dir::new(self.open_at(path, flags)?)?)
            }
            _ => Err(Errno::INVAL),
        }
    }

    /// Opens a path without ever leaving the tree.
    fn open_at(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let flags = flags | OFlags::CLOEXEC;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.folder, path, flags, Mode::empty(), within)
    }
}

/// What the archive of a file says of it beside its bytes.
fn file_kind(stat: &Stat) -> &'static [u8] {
    if stat.st_mode & 0o100 == 0 {
        b"file"
    } else {
        b"executable file"
    }
}

/// The names in a folder, each with what is there.
fn names(folder: Dir) -> Result<Sha256, Errno> {
    let mut names = Vec::new();
    for entry in folder {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push((name.to_owned(), kind_of(entry.file_type())?));
        }
    }
    names.sort_unstable();
    let mut listing = b"folder:".to_vec();
    for (name, kind) in names {
        // A name holds no zero.
        listing.extend([name.as_slice(), b"\0", &[kind], b"\0"].concat());
    }
    Ok(Sha256::of(&listing))
}

fn kind_of(kind: FileType) -> Result<u8, Errno> {
    match kind {
        FileType::RegularFile => Ok(b'f'),
        FileType::Directory => Ok(b'd'),
        FileType::Symlink => Ok(b'l'),
        _ => Err(Errno::INVAL),
    }
}
