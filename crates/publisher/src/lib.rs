//! Picket's channel publisher: what turns a built tree into a channel that Nix clients use.
//!
//! It writes one folder, the public one, which any web server can hand out as it is:
//!
//! ```text
//! releases/<channel>/<release>/    immutable: archives, revision, store paths, signed manifest
//! channels/<channel>               a symbolic link to the current release: the one pointer
//! latest/<channel>/                which release that is, signed anew all the time: it soon expires
//! release-log/                     every release that was current, in one order: a tree of hashes
//! cache/                           narinfos and NARs that upstream's binary cache does not have, and
//!                                  each release's tree, for locks that outlive its folder
//! ```
//!
//! Everything a release needs is there before it can be seen, and nothing that clients may have
//! seen changes. The order is: [`Publisher::publish_paths`], [`Publisher::stage_release`],
//! [`Publisher::check_staged`] and, what it finds damaged, [`Publisher::repair`]; then the caller
//! seals the release in its own records; then [`Publisher::reveal`] signs it,
//! [`Publisher::flip`] enters it in the release log and leads the channel to it, and [`Publisher::state_latest`] states that it is the
//! current one, again and again. A release that is given up before that is discarded
//! ([`Publisher::discard`], [`Publisher::sweep`]). [`verify()`] looks at the result as a stranger
//! does.

mod by_hand;
mod cache;
mod cache_file;
mod check;
mod content;
mod digest;
mod discard;
mod error;
mod fingerprint;
mod folder;
mod gone;
mod history;
mod http;
mod key;
mod key_file;
mod latest;
mod lifetime;
mod listing;
mod manifest;
mod mend;
mod nar;
mod narinfo;
mod order;
mod pack;
mod packable;
mod page;
mod parallel;
mod pointer;
mod present;
mod problems;
mod public_dir;
mod publisher;
mod release_file;
mod release_log;
mod reread;
mod retention;
mod reveal;
mod settings;
mod sign;
mod source;
mod sri;
mod stage;
mod stating;
mod tarball;
mod tree;
mod unpacked;
mod upstream;
mod verified;
mod verify;
mod versioned;

pub use by_hand::{TreeArchives, WrittenArchive};
pub use cache::PublishedPaths;
pub use cache_file::{CacheFile, HashPart};
pub use content::{PickNote, ReleaseContent};
pub use error::PublishError;
pub use fingerprint::Fingerprint;
pub use gone::{Gone, WhyGone};
pub use key::{KeyError, KeyName, PublicKey, SecretKey, Signature};
pub use key_file::KeyFileError;
pub use latest::{Latest, LatestFile, LatestKind, LoggedAs};
pub use lifetime::{FOR_A_DAY, IMMUTABLE, NEVER_UNASKED};
pub use manifest::{
    FileDigest, Manifest, ManifestBase, ManifestPick, ManifestTree, PublishedPath, ReleaseHead,
    SetAside, StandIn, immutable_link, immutable_query,
};
pub use packable::{TreeProblem, Unpackable};
pub use picket_releaselog::Origin;
pub use problems::{CheckError, CheckProblems};
pub use public_dir::PublicDir;
pub use publisher::Publisher;
pub use release_file::ReleaseFile;
pub use release_log::{LogFile, LookAtLog};
pub use reread::RereadReport;
pub use retention::{
    Collected, NarRemoval, PathRemoval, RecordState, ReleaseRecord, ReleaseRemoval, RetentionPlan,
    RetentionPolicy,
};
pub use settings::{CacheSettings, StoreRoot};
pub use sign::{LogToSign, Sign, SignError};
pub use stage::{Staged, StagedPlace};
pub use stating::{LatestTerms, Stated};
pub use upstream::{Upstream, UpstreamCache};
pub use verify::{
    LoggedRelease, MissingLatest, StatedRelease, VerifyReport, VerifyTerms, verify, verify_by,
};
