//! The manifest: `release.json`.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{
    Advisory, Approval, ChannelName, CommitSha, Form, ImpactedPackage, JobName, PickedCommit,
    PrNumber, ReleaseName, ReleaseSeq, Sha256, StorePath, Timestamp,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::key::PublicKey;
use crate::release_file::ReleaseFile;
use crate::sri;
use crate::versioned;

/// The format that this version of Picket writes.
pub(crate) const FORMAT: u32 = 1;

/// No manifest that is read may be longer, in bytes: a hundred thousand store paths fit.
pub(crate) const SIZE_MAX: u64 = 64 * 1024 * 1024;

/// What a release is, and the hash of everything that it consists of.
///
/// It is signed, and so vouches for every file and store path that clients get. It is a function
/// of the release alone: writing it again gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of this file: 1.
    pub format: u32,
    /// The channel.
    pub channel: ChannelName,
    /// The release's name.
    pub name: ReleaseName,
    /// Its place in the channel; a client need never accept a lower one than it has.
    pub seq: ReleaseSeq,
    /// The name of the release before it.
    pub previous: Option<ReleaseName>,
    /// Its commit.
    pub rev: CommitSha,
    /// The last commit of its pick chain, which has the same tree.
    pub tip: CommitSha,
    /// The official channel's revision that it stands on.
    pub base: ManifestBase,
    /// When its sequence number was taken, in seconds since 1970-01-01T00:00:00Z.
    pub created: Timestamp,
    /// The pull requests in it, in the order in which they were picked.
    pub picks: Vec<ManifestPick>,
    /// Approved pull requests that are not in it.
    pub set_aside: Vec<SetAside>,
    /// Jobs that failed, and passed when they were built again.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub flaky: BTreeSet<JobName>,
    /// Jobs that fail, and fail at the base too.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub broken_at_base: BTreeSet<JobName>,
    /// Jobs that no machine could build, and that the team said releases go without for a time.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub waived: BTreeSet<JobName>,
    /// The release folder's files, by name: all but this one and its signatures. Releases of earlier
    /// Pickets list neither `index.html` nor `SHA256SUMS`.
    pub files: BTreeMap<String, FileDigest>,
    /// What both archives hold. Releases of earlier Pickets do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tree: Option<ManifestTree>,
    /// The store paths that our own binary cache has for this release, its tree's among them, sorted.
    pub store_paths: Vec<PublishedPath>,
    /// What those refer to that upstream's binary cache has, sorted.
    pub upstream_references: Vec<StorePath>,
    /// Our own binary cache.
    pub binary_cache_url: Url,
    /// The keys that signed this manifest and the store paths.
    pub public_keys: Vec<PublicKey>,
}

/// The few fields of a manifest that tell where a release stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReleaseHead {
    /// The channel.
    pub channel: ChannelName,
    /// The release's name.
    pub name: ReleaseName,
    /// Its place in the channel.
    pub seq: ReleaseSeq,
    /// Its commit.
    pub rev: CommitSha,
    /// The official channel's revision that it stands on.
    pub base: ManifestBase,
    /// When its sequence number was taken.
    pub created: Timestamp,
    /// What both archives hold, where the manifest says.
    #[serde(default)]
    pub tree: Option<ManifestTree>,
}

/// The official channel's revision that a release stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestBase {
    /// The commit.
    pub rev: CommitSha,
    /// How many commits its history has.
    pub rev_count: u64,
    /// The version of NixOS: `26.05`.
    pub version: String,
    /// The official release of this revision, where it is known: that whose list of store paths
    /// upstream handed out when the release was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub release: Option<ReleaseName>,
}

/// The tree that both archives hold, as clients unpack it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestTree {
    /// SHA-256 of its NAR, written as flakes' locks have it: `sha256-<base64>`.
    #[serde(with = "sri")]
    pub nar_hash: Sha256,
    /// Length of its NAR, in bytes.
    pub nar_size: u64,
    /// The store path that Nix unpacks it to, which is among the release's store paths.
    pub store_path: StorePath,
}

impl ManifestTree {
    /// The hash as flakes' locks have it.
    pub fn sri(&self) -> String {
        sri::text(self.nar_hash)
    }
}

/// A pull request in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPick {
    /// Its number.
    pub pr: PrNumber,
    /// The head that was approved and picked.
    pub head: CommitSha,
    /// What was made of it, commit by commit, in order. Empty where that is not on record.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub commits: Vec<PickedCommit>,
    /// Who approved it when it was picked, oldest approval first. Empty where that is not on record.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub approvals: Vec<Approval>,
    /// What stands in for the fix, where the release does not have the fix itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stand_in: Option<StandIn>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// The advisories that it names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub advisories: Vec<Advisory>,
    /// Packages that get another version by it, as evaluating the base with and without it shows,
    /// whatever its title says: the first few. Empty where that is not on record.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub versions: Vec<ImpactedPackage>,
}

/// What stands in for a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandIn {
    /// A NixOS module replaces the library by the fixed one, in what NixOS runs.
    Graft,
    /// A NixOS module keeps the hole from being used.
    Mitigation,
}

impl StandIn {
    /// That of a form; `None` where the fix itself is picked.
    pub fn of(form: &Form) -> Option<Self> {
        match form {
            Form::AsIs => None,
            Form::Graft { .. } => Some(Self::Graft),
            Form::Mitigation { .. } => Some(Self::Mitigation),
        }
    }

    /// What it makes of the hole.
    pub fn done(self) -> &'static str {
        match self {
            Self::Graft => "grafted",
            Self::Mitigation => "mitigated",
        }
    }
}

/// An approved pull request that is not in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Its number.
    pub pr: PrNumber,
    /// Why, for a person.
    pub reason: String,
}

/// A file's hash and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub size: u64,
}

/// A store path in our binary cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPath {
    /// The path.
    pub path: StorePath,
    /// SHA-256 of its NAR.
    pub nar_hash: Sha256,
    /// Length of its NAR, in bytes.
    pub nar_size: u64,
}

impl FileDigest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: Sha256::of(bytes),
            size: bytes.len() as u64,
        }
    }
}

impl Manifest {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .expect("a manifest has no map with other than text keys");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the file's bytes.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence for a person.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        versioned::parse("release.json", FORMAT, bytes)
    }

    /// Where the release stands.
    pub fn head(&self) -> ReleaseHead {
        ReleaseHead {
            channel: self.channel.clone(),
            name: self.name.clone(),
            seq: self.seq,
            rev: self.rev.clone(),
            base: self.base.clone(),
            created: self.created,
            tree: self.tree.clone(),
        }
    }

    /// A file's hash and size.
    pub fn file(&self, file: ReleaseFile) -> Option<&FileDigest> {
        self.files.get(file.file_name())
    }

    /// The binary cache's address, as the file of that name has it.
    pub(crate) fn binary_cache_url(&self) -> &str {
        self.binary_cache_url.as_str().trim_end_matches('/')
    }

    /// Says what the archives hold.
    pub(crate) fn has_tree(&mut self, tree: ManifestTree) {
        self.store_paths.push(PublishedPath {
            path: tree.store_path.clone(),
            nar_hash: tree.nar_hash,
            nar_size: tree.nar_size,
        });
        self.store_paths.sort_by(|a, b| a.path.cmp(&b.path));
        self.tree = Some(tree);
    }

    /// The content of a `SHA256SUMS` for the files that are listed by now.
    pub(crate) fn sha256sums(&self) -> String {
        let files = self.files.iter();
        files
            .map(|(name, file)| format!("{}  {name}\n", file.sha256))
            .collect()
    }

    /// The release's path below the public folder's address: `releases/<channel>/<release>`.
    pub fn folder(&self) -> String {
        release_folder(&self.channel, &self.name)
    }
}

/// A release folder's path below the public folder.
pub(crate) fn release_folder(channel: &ChannelName, name: &ReleaseName) -> String {
    format!("releases/{channel}/{name}")
}

/// The value of the `Link` header with which a flake is locked to this very release.
///
/// `base_url` is the address that the public folder is served at. The form is fixed: Nix matches
/// the whole value against `<([^>]*)>; rel="immutable"`. The commit count is that of the base, as in
/// the release's name: unlike that of a rebased branch it never goes back.
pub fn immutable_link(base_url: &Url, release: &ReleaseHead, file: ReleaseFile) -> String {
    format!(
        "<{}/{}/{}?{}>; rel=\"immutable\"",
        base_url.as_str().trim_end_matches('/'),
        release_folder(&release.channel, &release.name),
        file.file_name(),
        immutable_query(release),
    )
}

/// The part of that address which says what a flake that is locked to it holds.
pub fn immutable_query(release: &ReleaseHead) -> String {
    format!(
        "rev={}&revCount={}&lastModified={}",
        release.rev,
        release.base.rev_count,
        release.created.as_unix(),
    )
}
