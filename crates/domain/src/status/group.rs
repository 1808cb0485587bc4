//! The one grouping of states: what a state asks of whom.

use crate::status::PickStatus;

/// What a state comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusGroup {
    /// People have to approve.
    NeedsDecision,
    /// It goes on by itself.
    UnderWay,
    /// It takes a person, or a change upstream; it holds nothing else up.
    SetAside,
    /// Servers have it.
    Out,
    /// The stable channel, or another pick, has all of it: nothing is left to do.
    Done,
    /// The team looked at it, and nothing is to be done about it.
    Dismissed,
    /// The team decides later, at a time that it named.
    PutOff,
}

impl StatusGroup {
    /// All groups, in the order in which pages show them.
    pub const ALL: [Self; 7] = [
        Self::NeedsDecision,
        Self::UnderWay,
        Self::SetAside,
        Self::Out,
        Self::Done,
        Self::Dismissed,
        Self::PutOff,
    ];
}

impl PickStatus {
    /// The group that the state is in.
    #[must_use]
    pub fn group(&self) -> StatusGroup {
        match self {
            Self::AwaitingApproval { .. } => StatusGroup::NeedsDecision,
            Self::Assembling | Self::Building { .. } | Self::Retrying { .. } | Self::Releasing => {
                StatusGroup::UnderWay
            }
            Self::Dismissed { .. } => StatusGroup::Dismissed,
            Self::PutOff { .. } => StatusGroup::PutOff,
            Self::Vetoed { .. }
            | Self::Conflict { .. }
            | Self::Disputed { .. }
            | Self::Stale { .. }
            | Self::Unavailable { .. }
            | Self::BuildFailed { .. }
            | Self::GivenUp { .. }
            | Self::BuildCancelled { .. }
            | Self::NoMachine { .. } => StatusGroup::SetAside,
            Self::Released { .. } => StatusGroup::Out,
            Self::Superseded { .. } | Self::InBase | Self::InOtherPick | Self::ResolvedAway => {
                StatusGroup::Done
            }
        }
    }

    /// Whether the team approved it and it is set aside all the same: what a release leaves out.
    pub fn is_left_out(&self) -> bool {
        self.group() == StatusGroup::SetAside && !matches!(self, Self::Vetoed { .. })
    }
}
