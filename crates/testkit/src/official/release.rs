//! A release folder of the official channel.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use liblzma::read::XzDecoder;
use liblzma::write::XzEncoder;
use tar::{Builder, EntryType, Header};

use crate::nixpkgs::CHANNEL_BRANCH as CHANNEL;
use crate::nixpkgs::Nixpkgs;

/// The level that is fast; size does not count here.
const XZ_LEVEL: u32 = 1;
/// 1980-01-01, the time that the channel scripts give to every file.
const MTIME: u64 = 315_532_800;

/// A release of the official channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficialRelease {
    /// `nixos-26.05.<revCount>.<short rev>`.
    pub name: String,
    /// The commit.
    pub rev: String,
    /// The outputs of all jobs, as in `store-paths.xz`.
    pub store_paths: BTreeSet<String>,
}

/// The name of a revision's release.
pub(super) fn name(nixpkgs: &Nixpkgs, rev: &str) -> Result<String> {
    let short = rev.get(..12).context("a revision has 40 digits")?;
    Ok(format!("{CHANNEL}.{}.{short}", nixpkgs.rev_count(rev)?))
}

/// Writes a release folder.
pub(super) fn write(
    folder: &Path,
    tree: &Path,
    rev: &str,
    outputs: &BTreeSet<String>,
    cache_url: &str,
) -> Result<()> {
    let partial = folder.with_file_name("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir(&partial)?;
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.context("a release has a name")?;

    write_tarball(&partial.join("nixexprs.tar.xz"), tree, name, rev)?;
    fs::write(partial.join("git-revision"), rev)?;
    fs::write(partial.join("binary-cache-url"), cache_url)?;
    let mut store_paths = XzEncoder::new(File::create(partial.join("store-paths.xz"))?, XZ_LEVEL);
    for output in outputs {
        writeln!(store_paths, "{output}")?;
    }
    store_paths.finish()?;
    fs::write(
        partial.join("index.html"),
        format!("<title>{name}</title>\n"),
    )?;
    fs::rename(partial, folder)?;
    Ok(())
}

/// Reads a release folder.
pub(super) fn read(folder: &Path, name: String) -> Result<OfficialRelease> {
    let mut store_paths = String::new();
    XzDecoder::new(File::open(folder.join("store-paths.xz"))?).read_to_string(&mut store_paths)?;
    Ok(OfficialRelease {
        name,
        rev: fs::read_to_string(folder.join("git-revision"))?,
        store_paths: store_paths.lines().map(str::to_owned).collect(),
    })
}

/// The channel's expressions: the tree in one folder, with what says which release it is.
fn write_tarball(file: &Path, tree: &Path, name: &str, rev: &str) -> Result<()> {
    let suffix = name
        .strip_prefix(CHANNEL)
        .context("a release is named after its channel")?;
    let mut archive = Builder::new(XzEncoder::new(File::create(file)?, XZ_LEVEL));
    append_folder(&mut archive, tree, Path::new(name))?;
    let top = Path::new(name);
    for (file, content) in [(".git-revision", rev), (".version-suffix", suffix)] {
        let mut header = header(EntryType::Regular, 0o644);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, top.join(file), content.as_bytes())?;
    }
    // Makes `<nixpkgs>` work in the folder of the channels.
    let mut link = header(EntryType::Symlink, 0o777);
    archive.append_link(&mut link, top.join("nixpkgs"), ".")?;
    archive.into_inner()?.finish()?;
    Ok(())
}

fn append_folder<W: std::io::Write>(
    archive: &mut Builder<W>,
    folder: &Path,
    name: &Path,
) -> Result<()> {
    archive.append_data(
        &mut header(EntryType::Directory, 0o755),
        name,
        std::io::empty(),
    )?;
    let entries: Result<BTreeSet<PathBuf>, _> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    for path in entries? {
        let name = name.join(path.file_name().context("an entry has a name")?);
        let meta = fs::symlink_metadata(&path)?;
        if meta.is_dir() {
            append_folder(archive, &path, &name)?;
        } else if meta.is_symlink() {
            let target = fs::read_link(&path)?;
            archive.append_link(&mut header(EntryType::Symlink, 0o777), name, target)?;
        } else {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = if meta.permissions().mode() & 0o100 == 0 {
                0o644
            } else {
                0o755
            };
            let mut header = header(EntryType::Regular, mode);
            header.set_size(meta.len());
            archive.append_data(&mut header, name, File::open(&path)?)?;
        }
    }
    Ok(())
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(MTIME);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

/// The cache's store paths, each with the address of its NAR (`nar/<hash>.nar.zst`).
pub(super) fn narinfos(cache: &Path) -> Result<Vec<(String, String)>> {
    let mut narinfos = Vec::new();
    for entry in fs::read_dir(cache)? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "narinfo")
        {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let field = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        let (Some(store_path), Some(nar)) = (field("StorePath: "), field("URL: ")) else {
            anyhow::bail!("{} is no narinfo", path.display());
        };
        narinfos.push((store_path.to_owned(), nar.to_owned()));
    }
    Ok(narinfos)
}
