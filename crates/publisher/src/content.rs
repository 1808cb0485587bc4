//! What a release's folder is made from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::Path;

use picket_domain::{
    Advisory, Approval, ImpactedPackage, OddJobs, PickedCommit, PrNumber, Release, ReleaseName,
    StorePath,
};
use url::Url;

use crate::cache::PublishedPaths;
use crate::key::PublicKey;
use crate::manifest::{
    FORMAT, FileDigest, Manifest, ManifestBase, ManifestPick, SetAside, StandIn,
};
use crate::release_file::ReleaseFile;

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
    /// The outputs of its jobs that are known to be had: built here, or [upstream's][known].
    ///
    /// [known]: crate::Publisher::known_upstream
    pub outputs: &'a [StorePath],
    /// What the binary cache has for it.
    pub published: &'a PublishedPaths,
    /// What is known of its picks, by number.
    pub notes: &'a BTreeMap<PrNumber, PickNote>,
    /// Approved pull requests that are not in it.
    pub set_aside: &'a [SetAside],
    /// Jobs that are not as they should be, and that a release was made with all the same.
    pub odd_jobs: &'a OddJobs,
}

/// What a release says of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PickNote {
    /// Its title.
    pub title: String,
    /// The advisories that it names.
    pub advisories: Vec<Advisory>,
    /// What was made of its commits, in order.
    pub commits: Vec<PickedCommit>,
    /// Who approved it, oldest approval first.
    pub approvals: Vec<Approval>,
    /// Packages that get another version by it.
    pub versions: Vec<ImpactedPackage>,
}

/// The files of a release other than its archives: name and content.
pub(crate) type SmallFiles = BTreeMap<ReleaseFile, Vec<u8>>;

impl ReleaseContent<'_> {
    /// The name that upstream's list has, where it is that of the base: it ends in the first digits
    /// of the revision.
    fn base_release(&self) -> Option<ReleaseName> {
        const DIGITS_MIN: usize = 7;
        let name = self.published.upstream_release.as_ref()?;
        let (_, digits) = name.as_str().rsplit_once('.')?;
        let rev = self.release.base.rev.as_str();
        (digits.len() >= DIGITS_MIN && rev.starts_with(digits)).then(|| name.clone())
    }

    /// The manifest without what is known of the archives.
    pub(crate) fn draft(&self, small: &SmallFiles, keys: Vec<PublicKey>) -> Manifest {
        let content = self;
        let release = content.release;
        let pick = |pick: &picket_domain::ReleasedPick| {
            let note = content.notes.get(&pick.pr);
            let title = note.map(|note| note.title.clone());
            let PickNote {
                advisories,
                commits,
                approvals,
                versions,
                ..
            } = note.cloned().unwrap_or_default();
            ManifestPick {
                pr: pick.pr,
                head: pick.head.clone(),
                commits,
                approvals,
                stand_in: StandIn::of(&pick.form),
                title,
                advisories,
                versions,
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
                release: content.base_release(),
            },
            created: release.reserved_at,
            picks: release.picks.iter().map(pick).collect(),
            set_aside: content.set_aside.to_vec(),
            flaky: content.odd_jobs.flaky.clone(),
            broken_at_base: content.odd_jobs.broken_at_base.clone(),
            waived: content.odd_jobs.waived.clone(),
            files: small.iter().map(digest).collect(),
            tree: None,
            store_paths: content.published.paths.clone(),
            upstream_references: content
                .published
                .upstream_references
                .iter()
                .cloned()
                .collect(),
            binary_cache_url: content.binary_cache_url.clone(),
            public_keys: keys,
        }
    }
}

/// The files that are functions of the release's facts alone.
pub(crate) fn small_files(content: &ReleaseContent<'_>) -> io::Result<SmallFiles> {
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

/// The first thing that makes two manifests those of different releases.
pub(crate) fn first_difference(there: &Manifest, draft: &Manifest) -> Option<String> {
    let heads = |manifest: &Manifest| {
        let heads = manifest.picks.iter();
        heads
            .map(|pick| (pick.pr, pick.head.clone(), pick.stand_in))
            .collect::<Vec<_>>()
    };
    let differences = [
        ("sequence number", there.seq != draft.seq),
        ("commit", there.rev != draft.rev || there.tip != draft.tip),
        (
            "base",
            (&there.base.rev, there.base.rev_count) != (&draft.base.rev, draft.base.rev_count),
        ),
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
        // What is known of upstream may be more by now.
        let store_paths = ReleaseFile::StorePaths.file_name();
        let mut files = draft.files.iter().filter(|(name, _)| *name != store_paths);
        files.find(|(name, digest)| there.files.get(*name) != Some(digest))
    };
    fields
        .map(|(name, _)| name.to_owned())
        .or_else(|| file().map(|(name, _)| format!("content of {name}")))
}
