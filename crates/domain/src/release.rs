//! Releases: names, contents and how far they are.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::form::Form;
use crate::id::{ChannelName, CommitSha, PrNumber, ReleaseName, ReleaseSeq};
use crate::time::Timestamp;

/// A release of a channel, from the moment that its sequence number is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The channel.
    pub channel: ChannelName,
    /// Its place in the channel.
    pub seq: ReleaseSeq,
    /// Its name, which is also its folder's.
    pub name: ReleaseName,
    /// The stable channel's revision that it stands on.
    pub base: Base,
    /// The last commit of its pick chain; the base's where it has no pick.
    pub tip: CommitSha,
    /// Its own commit: the tip's tree, with the previous release and the tip as parents.
    pub rev: CommitSha,
    /// The pull requests in it, in the chain's order.
    pub picks: Vec<ReleasedPick>,
    /// When its sequence number was taken.
    pub reserved_at: Timestamp,
    /// How far it is.
    pub state: ReleaseState,
}

impl Release {
    /// When it became the channel's current release.
    pub fn published_at(&self) -> Option<Timestamp> {
        match self.state {
            ReleaseState::Published { at } => Some(at),
            ReleaseState::Reserved
            | ReleaseState::Sealed { .. }
            | ReleaseState::Abandoned { .. } => None,
        }
    }

    /// Whether it has a number and is neither out nor given up.
    pub fn is_under_way(&self) -> bool {
        match self.state {
            ReleaseState::Reserved | ReleaseState::Sealed { .. } => true,
            ReleaseState::Published { .. } | ReleaseState::Abandoned { .. } => false,
        }
    }

    /// Whether this head of a pull request is in it, in this form.
    pub fn has_as(&self, pr: PrNumber, head: &CommitSha, form: &Form) -> bool {
        let mut picks = self.picks.iter();
        picks.any(|pick| (pick.pr, &pick.head, &pick.form) == (pr, head, form))
    }

    /// Whether this pull request is in it.
    pub fn has(&self, pr: PrNumber) -> bool {
        self.picks.iter().any(|pick| pick.pr == pr)
    }
}

/// A pull request in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedPick {
    /// The pull request.
    pub pr: PrNumber,
    /// The head that was approved and picked.
    pub head: CommitSha,
    /// In which form it is in it.
    #[serde(default, skip_serializing_if = "Form::is_as_is")]
    pub form: Form,
}

/// How far a release is. It only moves down this list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseState {
    /// Its number, name and content are fixed; files may have been written; no client sees it, and
    /// it may still be abandoned.
    Reserved,
    /// Every file and store path was checked, and no decision stops it any more: from here on it is
    /// signed and may have been seen. It is given up only where clients are led to a later one.
    Sealed {
        /// When.
        at: Timestamp,
    },
    /// Clients get it, or a later one.
    Published {
        /// When the pointer moved to it.
        at: Timestamp,
    },
    /// It was given up before clients were led to it.
    Abandoned {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

impl ReleaseName {
    /// The name of a release: `nixos-<version>.<base revCount>.<seq>.<short rev>`.
    ///
    /// Both numbers only grow, so that Nix's `compareVersions` never gets as far as the hash.
    ///
    /// # Errors
    /// [`crate::InvalidId`] where the base's version holds characters that a name cannot have.
    pub fn of(base: &Base, seq: ReleaseSeq, rev: &CommitSha) -> Result<Self, crate::InvalidId> {
        Self::parse(&format!("nixos-{}", version_suffixed(base, seq, rev)))
    }
}

fn version_suffixed(base: &Base, seq: ReleaseSeq, rev: &CommitSha) -> String {
    format!(
        "{}{}",
        base.version,
        Release::version_suffix(base, seq, rev)
    )
}

impl Release {
    /// The content of the release's `.version-suffix`: `.<base revCount>.<seq>.<short rev>`.
    pub fn version_suffix(base: &Base, seq: ReleaseSeq, rev: &CommitSha) -> String {
        format!(".{}.{}.{}", base.rev_count, seq, rev.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{base, sha};

    #[test]
    fn a_release_is_named_after_its_base_its_place_and_its_commit() {
        let name = ReleaseName::of(&base("b1", 715_880), ReleaseSeq(12), &sha("r1")).unwrap();
        assert!(
            name.as_str().starts_with("nixos-26.05.715880.12."),
            "{name}"
        );
    }

    #[test]
    fn a_hostile_version_makes_no_name() {
        let mut base = base("b1", 1);
        base.version = "../../etc".into();
        assert!(ReleaseName::of(&base, ReleaseSeq(1), &sha("r1")).is_err());
    }
}
