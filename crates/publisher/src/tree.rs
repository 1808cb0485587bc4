//! A channel's archive: a nixpkgs tree under one top-level folder, as a tar stream.
//!
//! The same tree gives the same bytes on every machine: entries are in the order of the tree's
//! listing, what Picket adds comes last, times and owners are fixed, modes reduced to what git
//! keeps. GNU format, for names longer than 100 bytes. Folders have no entries of their own but for the one at
//! the top and empty ones: whoever unpacks makes them, and 37,000 of them were a hundredth of an
//! archive of nixpkgs. What clients unpack has a NAR, which is written from the same tree.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use picket_domain::{CommitSha, Release};
use tar::{Builder, EntryType, Header};

use crate::error::{AtPath, PublishError};
use crate::listing::{Listed, What};
use crate::nar::{self, Entry, sorted_names};

/// 1980-01-01, as in the official channels' archives: the first time that ZIP can express.
const MTIME: u64 = 315_532_800;
const LINK_NAME_MAX: usize = 100;

/// The names at the top of the tree that Picket gives a content of its own.
pub(crate) const RESERVED: [&str; 3] = [".git-revision", ".version-suffix", "nixpkgs"];

/// What is added to the tree, at its top.
#[derive(Debug, Clone)]
pub(crate) enum Added {
    File(Vec<u8>),
    Link(&'static str),
}

/// A tree to pack.
#[derive(Debug)]
pub(crate) struct Tree<'a> {
    /// Where its files are.
    pub(crate) files: &'a Path,
    /// The name of the archive's one top-level folder.
    pub(crate) top: &'a str,
    /// What is added, by name.
    pub(crate) added: &'a [(&'static str, Added)],
}

/// What is added to a release's tree.
pub(crate) fn added(release: &Release) -> [(&'static str, Added); 3] {
    let suffix = Release::version_suffix(&release.base, release.seq, &release.rev);
    added_for(&release.rev, &suffix)
}

/// What is added to the tree of a commit.
pub(crate) fn added_for(rev: &CommitSha, version_suffix: &str) -> [(&'static str, Added); 3] {
    let [revision, version, nixpkgs] = RESERVED;
    [
        (revision, Added::File(rev.as_str().into())),
        (version, Added::File(version_suffix.into())),
        (nixpkgs, Added::Link(".")),
    ]
}

impl<'a> Tree<'a> {
    /// A release's tree, from the files of its commit and what [`added`] says.
    pub(crate) fn of(
        release: &'a Release,
        files: &'a Path,
        added: &'a [(&'static str, Added)],
    ) -> Self {
        // Not the release's: every entry has it, and would be another one in every release.
        let top = release.channel.as_str();
        Self { files, top, added }
    }
}

impl Tree<'_> {
    /// What is added must not be there already.
    fn check_reserved(&self) -> Result<(), PublishError> {
        let there = |name| fs::symlink_metadata(self.files.join(name)).is_ok();
        match self.added.iter().find(|(name, _)| there(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let reason = format!("it has an entry {name:?}, which Picket adds itself");
                Err(PublishError::Tree(reason))
            }
        }
    }

    /// What is at the tree's top, sorted by name.
    fn entries(&self) -> Result<Vec<(OsString, Entry<'_>)>, PublishError> {
        self.check_reserved()?;
        let names = sorted_names(self.files).at(self.files)?.into_iter();
        let at = |name: OsString| {
            let entry = Entry::At(self.files.join(&name));
            (name, entry)
        };
        let added = self.added.iter().map(|(name, added)| {
            let entry = match added {
                Added::File(content) => Entry::File(content),
                Added::Link(target) => Entry::Link(target),
            };
            (OsString::from(name), entry)
        });
        let mut entries: Vec<_> = names.map(at).chain(added).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(entries)
    }

    /// Writes the NAR of what clients unpack: of the top-level folder, whatever its name is.
    pub(crate) fn dump(&self, out: &mut impl Write) -> Result<(), PublishError> {
        nar::dump_folder(self.entries()?, out).at(self.files)
    }
}

/// A failure of the tree is the publisher's; a failure to write is the compressor's.
#[derive(Debug)]
pub(crate) enum TarError {
    Tree(PublishError),
    Write(io::Error),
}

impl From<PublishError> for TarError {
    fn from(error: PublishError) -> Self {
        Self::Tree(error)
    }
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// A writer that is told what comes next.
pub(crate) trait Entries: Write {
    /// The entry with this place in the listing comes next.
    fn entry(&mut self, place: usize) -> io::Result<()>;

    /// What is added to the tree comes next; it is the last.
    fn added(&mut self) -> io::Result<()>;
}

/// Writes the archive and returns the writer.
pub(crate) fn pack<W: Entries>(tree: &Tree<'_>, listing: &[Listed], out: W) -> Result<W, TarError> {
    tree.check_reserved()?;
    let mut tar = Builder::new(out);
    let top = Path::new(tree.top);
    directory(&mut tar, top)?;
    for (place, listed) in listing.iter().enumerate() {
        tar.get_mut().entry(place)?;
        let inside = top.join(&listed.path);
        entry(
            &mut tar,
            &tree.files.join(&listed.path),
            &inside,
            listed.what,
        )?;
    }
    tar.get_mut().added()?;
    for (name, added) in tree.added {
        match added {
            Added::File(content) => file(&mut tar, &top.join(name), content, false)?,
            Added::Link(target) => link(&mut tar, &top.join(name), target.as_bytes())?,
        }
    }
    Ok(tar.into_inner()?)
}

fn entry<W: Write>(
    tar: &mut Builder<W>,
    path: &Path,
    inside: &Path,
    what: What,
) -> Result<(), TarError> {
    match what {
        What::EmptyFolder => directory(tar, inside)?,
        What::File { executable, .. } => {
            let content = fs::read(path).at(path)?;
            file(tar, inside, &content, executable)?;
        }
        What::Link => {
            let target = fs::read_link(path).at(path)?;
            link(tar, inside, target.as_os_str().as_bytes())?;
        }
    }
    Ok(())
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(MTIME);
    header.set_size(size as u64);
    header
}

fn directory<W: Write>(tar: &mut Builder<W>, inside: &Path) -> io::Result<()> {
    // With the slash at its end, as tar itself writes folders.
    let named = inside.join("");
    tar.append_data(
        &mut header(EntryType::Directory, 0o755, 0),
        named,
        io::empty(),
    )
}

fn file<W: Write>(
    tar: &mut Builder<W>,
    inside: &Path,
    content: &[u8],
    executable: bool,
) -> io::Result<()> {
    let mode = if executable { 0o755 } else { 0o644 };
    let mut header = header(EntryType::Regular, mode, content.len());
    tar.append_data(&mut header, inside, content)
}

/// The target is written byte for byte: `tar`'s own way would tidy it up, and so change the tree.
fn link<W: Write>(tar: &mut Builder<W>, inside: &Path, target: &[u8]) -> io::Result<()> {
    let mut entry = header(EntryType::Symlink, 0o777, 0);
    if target.len() > LINK_NAME_MAX {
        let mut long = header(EntryType::GNULongLink, 0o644, target.len() + 1);
        long.set_path("././@LongLink")?;
        long.set_cksum();
        tar.append(&long, [target, b"\0"].concat().as_slice())?;
    }
    entry.set_link_name_literal(&target[..target.len().min(LINK_NAME_MAX)])?;
    tar.append_data(&mut entry, inside, io::empty())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::listing;

    impl Entries for Vec<u8> {
        fn entry(&mut self, _place: usize) -> io::Result<()> {
            Ok(())
        }

        fn added(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn packed(files: &Path) -> Result<Vec<u8>, TarError> {
        let added = [
            (".version-suffix", Added::File(b".1".to_vec())),
            ("nixpkgs", Added::Link(".")),
        ];
        let tree = Tree {
            files,
            top: "nixos-26.05.1",
            added: &added,
        };
        pack(&tree, &listing::listing(files)?, Vec::new())
    }

    fn listing(archive: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().unwrap();
        let line = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
            let mut entry = entry.unwrap();
            let mode = entry.header().mode().unwrap();
            let path = entry.path().unwrap().display().to_string();
            let link = entry.link_name_bytes();
            let link = link.map(|link| String::from_utf8(link.to_vec()).unwrap());
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            let shown = format!("{mode:o} {path} {}{content}", link.unwrap_or_default());
            shown.trim_end().to_owned()
        };
        entries.map(line).collect()
    }

    #[test]
    fn a_tree_is_packed_as_it_is_with_what_is_added() {
        let dir = tempfile::tempdir().unwrap();
        let lib = dir.path().join("lib");
        fs::create_dir(&lib).unwrap();
        fs::write(lib.join("run"), "run").unwrap();
        fs::set_permissions(lib.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(dir.path().join(".version"), "26.05").unwrap();
        symlink("./lib//", dir.path().join("untidy")).unwrap();
        let archive = packed(dir.path()).unwrap();
        insta::assert_snapshot!(listing(&archive).join("\n"), @r"
        755 nixos-26.05.1/
        644 nixos-26.05.1/.version 26.05
        755 nixos-26.05.1/lib/run run
        777 nixos-26.05.1/untidy ./lib//
        644 nixos-26.05.1/.version-suffix .1
        777 nixos-26.05.1/nixpkgs .
        ");
    }

    #[test]
    fn long_names_survive() {
        let dir = tempfile::tempdir().unwrap();
        let long = "n".repeat(150);
        let target = format!("../{}/", "t".repeat(150));
        fs::write(dir.path().join(&long), "content").unwrap();
        symlink(&target, dir.path().join("z")).unwrap();
        let listing = listing(&packed(dir.path()).unwrap());
        assert!(listing.contains(&format!("644 nixos-26.05.1/{long} content")));
        assert!(listing.contains(&format!("777 nixos-26.05.1/z {target}")));
    }

    #[test]
    fn what_picket_adds_must_not_be_there() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".version-suffix"), "").unwrap();
        match packed(dir.path()).unwrap_err() {
            TarError::Tree(error) => {
                assert!(error.to_string().contains(".version-suffix"), "{error}");
            }
            TarError::Write(error) => panic!("{error}"),
        }
    }
}
