//! The files of the first commit: those of `crates/testkit/nixpkgs`, and the host's busybox.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::{FileMode, Oid, Repository, build::TreeUpdateBuilder};
use include_dir::{Dir, DirEntry, include_dir};
use sha2::{Digest, Sha256};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/nixpkgs");

const BUSYBOX: &str = "pkgs/stdenv/linux/bootstrap-files/busybox";
const ARCHIVE: &str = "pkgs/build-support/fetchurl/archive.in";

/// Writes the first commit's files as a tree object.
pub(super) fn write(repository: &Repository) -> Result<Oid> {
    let mut update = TreeUpdateBuilder::new();
    add_files(repository, &FILES, &mut update)?;
    let busybox = repository.blob(&busybox()?)?;
    update.upsert(BUSYBOX, busybox, FileMode::BlobExecutable);
    let version = repository.blob(b"lib/.version")?;
    update.upsert(".version", version, FileMode::Link);

    let empty = repository.find_tree(repository.treebuilder(None)?.write()?)?;
    Ok(update.create_updated(repository, &empty)?)
}

fn add_files(repository: &Repository, dir: &Dir, update: &mut TreeUpdateBuilder) -> Result<()> {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(below) => add_files(repository, below, update)?,
            DirEntry::File(file) => {
                let blob = repository.blob(file.contents())?;
                let path = file.path().to_str().context("a path is UTF-8")?;
                update.upsert(path, blob, FileMode::Blob);
            }
        }
    }
    Ok(())
}

/// The hash of a source archive, as package files state it: `sha256-<base64>`.
pub(super) fn source_hash(name: &str, version: &str) -> Result<String> {
    let archive = FILES
        .get_file(ARCHIVE)
        .and_then(|file| file.contents_utf8())
        .with_context(|| format!("the tree lost {ARCHIVE}"))?;
    let content = archive
        .replace("@name@", name)
        .replace("@version@", version);
    Ok(format!(
        "sha256-{}",
        STANDARD.encode(Sha256::digest(content))
    ))
}

/// The host's busybox, which must need no libraries: builds see nothing but the store.
fn busybox() -> Result<Vec<u8>> {
    const REMEDY: &str = "install a statically linked busybox (Debian: busybox-static)";
    let path = env::var_os("PATH").unwrap_or_default();
    let file = env::split_paths(&path)
        .chain([PathBuf::from("/bin"), PathBuf::from("/usr/bin")])
        .map(|dir| dir.join("busybox"))
        .find(|file| file.is_file())
        .with_context(|| format!("no busybox in PATH: {REMEDY}"))?;
    let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    anyhow::ensure!(
        is_static_elf(&content),
        "{} is dynamically linked: {REMEDY}",
        file.display()
    );
    Ok(content)
}

/// Whether a 64-bit little-endian ELF file asks for no dynamic loader (`PT_INTERP`).
fn is_static_elf(file: &[u8]) -> bool {
    const PT_INTERP: u32 = 3;
    let u16_at = |at: usize| {
        let bytes = file.get(at..at + 2)?;
        Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
    };
    let header_fields = || {
        let offset = u64::from_le_bytes(file.get(32..40)?.try_into().ok()?);
        Some((usize::try_from(offset).ok()?, u16_at(54)?, u16_at(56)?))
    };
    let Some((offset, size, count)) = header_fields() else {
        return false;
    };
    file.starts_with(b"\x7fELF\x02\x01")
        && (0..count).all(|index| {
            let at = offset.saturating_add(index * size);
            file.get(at..at.saturating_add(4))
                .is_some_and(|kind| kind != PT_INTERP.to_le_bytes())
        })
}
