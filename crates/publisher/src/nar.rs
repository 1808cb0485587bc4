//! NAR: Nix's archive format, in which a store path has exactly one serialisation.
//!
//! Names and link targets are bytes, not text: Nix takes any, so they are passed through as they
//! are. Format: figure 5.2 of Eelco Dolstra's thesis, and `dumpPath` in Nix's `archive.cc`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::digest::copy;

/// Something in a folder.
#[derive(Debug)]
pub(crate) enum Entry<'a> {
    /// What is at this path.
    At(PathBuf),
    /// A file that is not executable, with this content.
    File(&'a [u8]),
    /// A symbolic link to this target.
    Link(&'a str),
}

/// Writes the NAR of what is at this path.
pub(crate) fn dump(path: &Path, out: &mut impl Write) -> io::Result<()> {
    string(out, b"nix-archive-1")?;
    write(vec![Left::Node(Entry::At(path.to_owned()))], out)
}

/// Writes the NAR of a folder that has these entries, which are sorted by the bytes of their names.
pub(crate) fn dump_folder(
    entries: Vec<(OsString, Entry<'_>)>,
    out: &mut impl Write,
) -> io::Result<()> {
    string(out, b"nix-archive-1")?;
    string(out, b"(")?;
    string(out, b"type")?;
    string(out, b"directory")?;
    let mut left = vec![Left::End];
    left.extend(named(entries));
    write(left, out)
}

/// What is left to write, the last first. Not a function that calls itself: an output may have two
/// thousand folders in each other, and a stack that overflows ends the whole service.
enum Left<'a> {
    Named(OsString, Entry<'a>),
    Node(Entry<'a>),
    End,
}

fn named<'a>(entries: Vec<(OsString, Entry<'a>)>) -> impl Iterator<Item = Left<'a>> {
    let entries = entries.into_iter().rev();
    entries.map(|(name, entry)| Left::Named(name, entry))
}

fn write(mut left: Vec<Left<'_>>, out: &mut impl Write) -> io::Result<()> {
    while let Some(next) = left.pop() {
        match next {
            Left::End => string(out, b")")?,
            Left::Named(name, entry) => {
                string(out, b"entry")?;
                string(out, b"(")?;
                string(out, b"name")?;
                string(out, name.as_bytes())?;
                string(out, b"node")?;
                left.extend([Left::End, Left::Node(entry)]);
            }
            Left::Node(entry) => {
                string(out, b"(")?;
                string(out, b"type")?;
                left.push(Left::End);
                left.extend(named(node(entry, out)?));
            }
        }
    }
    Ok(())
}

/// Writes a node but for what is in it, which is returned.
fn node<'a>(entry: Entry<'a>, out: &mut impl Write) -> io::Result<Vec<(OsString, Entry<'a>)>> {
    match entry {
        Entry::At(path) => {
            let named =
                |error: io::Error| io::Error::new(error.kind(), format!("{path:?}: {error}"));
            return on_disk(&path, out).map_err(named);
        }
        Entry::File(content) => {
            string(out, b"regular")?;
            string(out, b"contents")?;
            string(out, content)?;
        }
        Entry::Link(target) => link(target.as_bytes(), out)?,
    }
    Ok(Vec::new())
}

fn on_disk<'a>(path: &Path, out: &mut impl Write) -> io::Result<Vec<(OsString, Entry<'a>)>> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_file() {
        let executable = metadata.permissions().mode() & 0o100 != 0;
        regular(path, metadata.len(), executable, out)?;
    } else if metadata.is_dir() {
        string(out, b"directory")?;
        let names = sorted_names(path)?.into_iter();
        let at = |name| {
            let entry = Entry::At(path.join(&name));
            (name, entry)
        };
        return Ok(names.map(at).collect());
    } else if metadata.is_symlink() {
        link(fs::read_link(path)?.as_os_str().as_bytes(), out)?;
    } else {
        let reason = "neither file, folder nor symbolic link";
        return Err(io::Error::other(reason));
    }
    Ok(Vec::new())
}

fn regular(path: &Path, size: u64, executable: bool, out: &mut impl Write) -> io::Result<()> {
    string(out, b"regular")?;
    if executable {
        string(out, b"executable")?;
        string(out, b"")?;
    }
    string(out, b"contents")?;
    out.write_all(&size.to_le_bytes())?;
    // One byte more than there should be is asked for, to notice a file that grows.
    let copied = copy(&mut File::open(path)?.take(size + 1), out)?;
    if copied != size {
        return Err(io::Error::other("it changed while it was read"));
    }
    pad(size, out)
}

fn link(target: &[u8], out: &mut impl Write) -> io::Result<()> {
    string(out, b"symlink")?;
    string(out, b"target")?;
    string(out, target)
}

/// The names in a folder, in the order of their bytes.
pub(crate) fn sorted_names(dir: &Path) -> io::Result<Vec<OsString>> {
    let entries = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().into_vec()));
    let mut names = entries.collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names.into_iter().map(OsString::from_vec).collect())
}

fn string(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let size = bytes.len() as u64;
    out.write_all(&size.to_le_bytes())?;
    out.write_all(bytes)?;
    pad(size, out)
}

/// Everything is padded with zeros to a multiple of eight bytes.
fn pad(size: u64, out: &mut impl Write) -> io::Result<()> {
    let missing = (8 - size % 8) % 8;
    out.write_all(&[0; 8][..missing as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_what_nix_writes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        let mut nar = Vec::new();
        dump(&path, &mut nar).unwrap();
        let text = String::from_utf8_lossy(&nar).replace('\0', "");
        assert_eq!(nar.len(), 112);
        insta::assert_debug_snapshot!(text, @r#""\rnix-archive-1\u{1}(\u{4}type\u{7}regular\u{8}contents\u{1})""#);
    }

    /// On the stack of a test's thread, which is as small as any that this runs on.
    #[test]
    fn folders_in_folders_overflow_no_stack() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("top");
        let deepest: PathBuf = (0..1_900).map(|_| "d").collect();
        fs::create_dir_all(top.join(&deepest)).unwrap();
        let mut nar = Vec::new();
        dump(&top, &mut nar).unwrap();
        let names = nar.windows(8).filter(|it| it == b"node\0\0\0\0");
        assert_eq!(names.count(), 1_900);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = dump(Path::new("/nowhere/at/all"), &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
