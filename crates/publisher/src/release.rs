//! Writing a release's folder.
//!
//! The folder is written under a temporary name and renamed as a whole: it is there complete or
//! not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use picket_domain::{Advisory, PrNumber, Release, ReleaseName, StorePath};
use tempfile::TempDir;
use url::Url;

use crate::cache::PublishedPaths;
use crate::error::{AtPath, PublishError};
use crate::files::{TEMPORARY, digest_of_file, sync_dir, sync_parent};
use crate::manifest::{FORMAT, FileDigest, Manifest, ManifestBase, ManifestPick, SetAside};
use crate::publisher::Publisher;
use crate::release_file::ReleaseFile;
use crate::tarball::{self, Tarballs};
use crate::tree::{Added, Tree};
use crate::{lock, page};

/// What a release's folder is made from.
#[derive(Debug)]
pub struct ReleaseContent<'a> {
    /// The release.
    pub release: &'a Release,
    /// The release before it in the channel.
    pub previous: Option<&'a ReleaseName>,
    /// The tree of its commit, as files.
    pub tree: &'a Path,
    /// Where the commit can be looked at.
    pub src_url: &'a Url,
    /// The address of our binary cache.
    pub binary_cache_url: &'a Url,
    /// All outputs of its jobs, upstream's included.
    pub outputs: &'a [StorePath],
    /// What the binary cache has for it.
    pub published: &'a PublishedPaths,
    /// What is known of its picks, by number.
    pub notes: &'a BTreeMap<PrNumber, PickNote>,
    /// Approved pull requests that are not in it.
    pub set_aside: &'a [SetAside],
}

/// What a release's page says of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickNote {
    /// Its title.
    pub title: String,
    /// The advisories that it names.
    pub advisories: Vec<Advisory>,
}

/// The files of a release other than its archives: name and content.
type SmallFiles = BTreeMap<ReleaseFile, Vec<u8>>;

impl Publisher {
    /// Writes a release's folder, and returns its manifest.
    ///
    /// If the folder is there already for the same commit and its files are whole, it stays as it is,
    /// with what it says of titles, of store paths and of what was set aside: those may have changed
    /// since, the release has not. A folder that the pointer has never led to is replaced if it is
    /// another one.
    ///
    /// # Errors
    /// Where the release is, or was, the channel's current one and is to get another content; where
    /// the tree cannot be packed; and on I/O errors.
    pub fn write_release(&self, content: &ReleaseContent<'_>) -> Result<Manifest, PublishError> {
        let release = content.release;
        let releases = self.dir.releases_dir(&release.channel);
        let _lock = lock::alone(&releases).at(&releases)?;
        let small = small_files(content).at(&releases)?;
        let draft = self.draft(content, &small);
        if let Some(manifest) = self.existing(&draft)? {
            return Ok(manifest);
        }
        let temporary = temporary_dir(&releases).at(&releases)?;
        let manifest = self.fill(temporary.path(), content, &small, draft)?;
        let path = self.dir.release_dir(&release.channel, &release.name);
        put_in_place(temporary, &path, &releases).at(&path)?;
        tracing::info!(
            target: "picket::progress",
            release = %release.name,
            "wrote the release {}",
            release.name,
        );
        Ok(manifest)
    }

    /// The manifest without the archives' digests.
    fn draft(&self, content: &ReleaseContent<'_>, small: &SmallFiles) -> Manifest {
        let release = content.release;
        let pick = |pick: &picket_domain::ReleasedPick| {
            let note = content.notes.get(&pick.pr);
            ManifestPick {
                pr: pick.pr,
                head: pick.head.clone(),
                title: note.map(|note| note.title.clone()),
                advisories: note.map_or_else(Vec::new, |note| note.advisories.clone()),
            }
        };
        let digest = |(file, bytes): (&ReleaseFile, &Vec<u8>)| {
            (file.file_name().to_owned(), FileDigest::of(bytes))
        };
        Manifest {
            format: FORMAT,
            channel: release.channel.clone(),
            name: release.name.clone(),
            seq: release.seq,
            previous: content.previous.cloned(),
            rev: release.rev.clone(),
            tip: release.tip.clone(),
            base: ManifestBase {
                rev: release.base.rev.clone(),
                rev_count: release.base.rev_count,
                version: release.base.version.clone(),
            },
            created: release.reserved_at,
            picks: release.picks.iter().map(pick).collect(),
            set_aside: content.set_aside.to_vec(),
            files: small.iter().map(digest).collect(),
            store_paths: content.published.paths.clone(),
            upstream_references: content
                .published
                .upstream_references
                .iter()
                .cloned()
                .collect(),
            binary_cache_url: content.binary_cache_url.clone(),
            public_keys: self.public_keys(),
        }
    }

    /// The release's manifest, where its folder is there and is this release's.
    fn existing(&self, draft: &Manifest) -> Result<Option<Manifest>, PublishError> {
        let path = self.dir.release_dir(&draft.channel, &draft.name);
        if !path.try_exists().at(&path)? {
            return Ok(None);
        }
        let problem = match self.dir.manifest(&draft.channel, &draft.name) {
            Err(error @ PublishError::Io { .. }) => return Err(error),
            Err(error) => error,
            Ok(None) => PublishError::Damaged {
                path,
                reason: "it has no release.json".to_owned(),
            },
            Ok(Some(manifest)) => match first_difference(&manifest, draft) {
                Some(differs) => PublishError::ReleaseExists {
                    name: draft.name.clone(),
                    differs,
                },
                None => match self.file_problems(&manifest)? {
                    problems if problems.is_empty() => return Ok(Some(manifest)),
                    problems => PublishError::Incomplete {
                        name: draft.name.clone(),
                        problems,
                    },
                },
            },
        };
        if self.was_current(draft)? {
            return Err(problem);
        }
        tracing::warn!(%problem, "writes again a release that no client has seen");
        Ok(None)
    }

    /// Whether the channel's pointer may have led to this release: it only ever goes forward.
    fn was_current(&self, draft: &Manifest) -> Result<bool, PublishError> {
        let Some(current) = self.dir.current(&draft.channel)? else {
            return Ok(false);
        };
        let current = self.dir.manifest(&draft.channel, &current)?;
        Ok(current.is_none_or(|current| draft.seq <= current.seq))
    }

    /// Writes all files into the folder and completes the manifest.
    fn fill(
        &self,
        dir: &Path,
        content: &ReleaseContent<'_>,
        small: &SmallFiles,
        mut manifest: Manifest,
    ) -> Result<Manifest, PublishError> {
        for (file, bytes) in small {
            write_synced(dir, *file, bytes)?;
        }
        let Tarballs { xz, zst } = self.write_tarballs(dir, content)?;
        for (file, digest) in [
            (ReleaseFile::NixexprsXz, xz),
            (ReleaseFile::NixexprsZst, zst),
        ] {
            manifest.files.insert(file.file_name().to_owned(), digest);
        }
        let bytes = manifest.to_bytes();
        let mut signatures = String::new();
        for key in &self.keys {
            let signature = key.sign(&bytes).to_string();
            signatures.push_str(&signature);
            signatures.push('\n');
        }
        write_synced(dir, ReleaseFile::Manifest, &bytes)?;
        write_synced(dir, ReleaseFile::Signature, signatures.as_bytes())?;
        write_synced(dir, ReleaseFile::Index, page::html(&manifest).as_bytes())?;
        let sums = sha256sums(dir).at(dir)?;
        write_synced(dir, ReleaseFile::Sha256Sums, sums.as_bytes())?;
        sync_dir(dir).at(dir)?;
        Ok(manifest)
    }

    fn write_tarballs(
        &self,
        dir: &Path,
        content: &ReleaseContent<'_>,
    ) -> Result<Tarballs, PublishError> {
        let release = content.release;
        let suffix = Release::version_suffix(&release.base, release.seq, &release.rev);
        let added = [
            (".git-revision", Added::File(release.rev.as_str().into())),
            (".version-suffix", Added::File(suffix.into())),
            ("nixpkgs", Added::Link(".")),
        ];
        let tree = Tree {
            files: content.tree,
            top: release.name.as_str(),
            added: &added,
        };
        let path = |file: ReleaseFile| dir.join(file.file_name());
        let (xz, zst) = (
            path(ReleaseFile::NixexprsXz),
            path(ReleaseFile::NixexprsZst),
        );
        tarball::write(&tree, &xz, &zst, &self.settings)
    }
}

fn temporary_dir(releases: &Path) -> io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir_in(releases)
}

/// Gives the folder its name. What had the name before is put aside first: a folder can be renamed
/// over an empty one only.
fn put_in_place(temporary: TempDir, path: &Path, releases: &Path) -> io::Result<()> {
    let aside = temporary_dir(releases)?;
    match fs::rename(path, aside.path()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::rename(temporary.path(), path)?;
    // It has another name now; there is nothing left to remove.
    let _ = temporary.keep();
    sync_parent(path)
}

fn write_synced(dir: &Path, file: ReleaseFile, content: &[u8]) -> Result<(), PublishError> {
    let path = dir.join(file.file_name());
    let write = || {
        let mut file = fs::File::create_new(&path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().at(&path)
}

/// The files that are functions of the release's facts alone.
fn small_files(content: &ReleaseContent<'_>) -> io::Result<SmallFiles> {
    let url = |url: &Url| url.as_str().trim_end_matches('/').as_bytes().to_vec();
    Ok(BTreeMap::from([
        (
            ReleaseFile::GitRevision,
            content.release.rev.as_str().into(),
        ),
        (ReleaseFile::SrcUrl, url(content.src_url)),
        (ReleaseFile::BinaryCacheUrl, url(content.binary_cache_url)),
        (ReleaseFile::StorePaths, store_paths(content.outputs)?),
    ]))
}

/// The outputs, sorted, each once, one a line, compressed.
fn store_paths(outputs: &[StorePath]) -> io::Result<Vec<u8>> {
    let sorted: BTreeSet<_> = outputs.iter().collect();
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    for path in sorted {
        writeln!(encoder, "{path}")?;
    }
    encoder.finish()
}

/// The content of `SHA256SUMS`: the digest of every other file in the folder.
pub(crate) fn sha256sums(dir: &Path) -> io::Result<String> {
    let mut names: Vec<_> = ReleaseFile::ALL
        .into_iter()
        .filter(|file| *file != ReleaseFile::Sha256Sums)
        .map(ReleaseFile::file_name)
        .collect();
    names.sort_unstable();
    let mut sums = String::new();
    for name in names {
        let (digest, _) = digest_of_file(&dir.join(name))?;
        writeln!(sums, "{digest}  {name}").map_err(io::Error::other)?;
    }
    Ok(sums)
}

/// The first thing that makes two manifests those of different releases.
fn first_difference(there: &Manifest, draft: &Manifest) -> Option<String> {
    let heads = |manifest: &Manifest| {
        let heads = manifest.picks.iter();
        heads
            .map(|pick| (pick.pr, pick.head.clone()))
            .collect::<Vec<_>>()
    };
    let differences = [
        ("sequence number", there.seq != draft.seq),
        ("commit", there.rev != draft.rev || there.tip != draft.tip),
        ("base", there.base != draft.base),
        ("predecessor", there.previous != draft.previous),
        ("time", there.created != draft.created),
        ("set of picks", heads(there) != heads(draft)),
        (
            "binary cache",
            there.binary_cache_url != draft.binary_cache_url,
        ),
    ];
    let fields = differences.into_iter().find(|(_, differs)| *differs);
    let file = || {
        let mut files = draft.files.iter();
        files.find(|(name, digest)| there.files.get(*name) != Some(digest))
    };
    fields
        .map(|(name, _)| name.to_owned())
        .or_else(|| file().map(|(name, _)| format!("content of {name}")))
}
