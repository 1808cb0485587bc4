//! What goes, and why.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{ChannelName, ReleaseName, Sha256, Timestamp};

use super::policy::RetentionPolicy;
use super::survey::Survey;
use super::trees::TreeNote;
use crate::cache_file::HashPart;

/// What [`crate::Publisher::collect`] removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPlan {
    /// What it was made by.
    pub policy: RetentionPolicy,
    /// The releases.
    pub releases: Vec<ReleaseRemoval>,
    /// The narinfos.
    pub paths: Vec<PathRemoval>,
    /// The NARs that no narinfo names any more then.
    pub nars: Vec<NarRemoval>,
}

/// A release that goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseRemoval {
    /// Its channel.
    pub channel: ChannelName,
    /// Its name.
    pub name: ReleaseName,
    /// When the next release took its place.
    pub superseded_at: Timestamp,
    /// The length of its files, in bytes.
    pub bytes: u64,
}

/// A store path that no release that is kept needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathRemoval {
    /// The hash that names its narinfo.
    pub hash: HashPart,
    /// When a release was last published with it.
    pub last_needed: Timestamp,
    /// The length of its narinfo, in bytes.
    pub bytes: u64,
}

/// A NAR that no narinfo names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NarRemoval {
    /// The hash that names it.
    pub nar: Sha256,
    /// Its length in bytes.
    pub bytes: u64,
}

impl RetentionPlan {
    /// How many bytes it frees.
    pub fn bytes(&self) -> u64 {
        let releases = self.releases.iter().map(|it| it.bytes);
        let paths = self.paths.iter().map(|it| it.bytes);
        let nars = self.nars.iter().map(|it| it.bytes);
        releases.chain(paths).chain(nars).sum()
    }

    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.paths.is_empty() && self.nars.is_empty()
    }
}

/// The narinfos that may go: of a release that is gone, its tree last of all.
pub(super) fn paths(survey: &Survey, policy: &RetentionPolicy, now: Timestamp) -> Vec<PathRemoval> {
    let old = survey.narinfos.iter().filter(|(hash, narinfo)| {
        !survey.needed.contains(*hash) && policy.path_is_old(narinfo.last_needed, now)
    });
    let mut old: BTreeMap<_, _> = old.collect();
    let stays = |note: &&TreeNote| {
        let there = |path| survey.narinfos.contains_key(path) && !old.contains_key(path);
        !policy.path_is_old(note.at, now) || note.paths.iter().any(there)
    };
    let locked: Vec<_> = survey.gone.iter().filter(stays).collect();
    for note in locked {
        old.remove(&note.tree);
    }
    let going = old.into_iter().map(|(hash, narinfo)| PathRemoval {
        hash: hash.clone(),
        last_needed: narinfo.last_needed,
        bytes: narinfo.bytes,
    });
    going.collect()
}

/// The NARs that may go once these narinfos are gone. A narinfo that cannot be read may name any.
pub(super) fn nars(
    survey: &Survey,
    going: &BTreeSet<HashPart>,
    policy: &RetentionPolicy,
    now: Timestamp,
) -> Vec<NarRemoval> {
    let staying = survey
        .narinfos
        .iter()
        .filter(|(hash, _)| !going.contains(*hash));
    let named: Option<BTreeSet<Sha256>> = staying.map(|(_, narinfo)| narinfo.nar).collect();
    let Some(named) = named else {
        return Vec::new();
    };
    let nars: &BTreeMap<_, _> = &survey.nars;
    nars.iter()
        .filter(|(nar, file)| !named.contains(nar) && policy.path_is_old(file.written, now))
        .map(|(&nar, file)| NarRemoval {
            nar,
            bytes: file.bytes,
        })
        .collect()
}
