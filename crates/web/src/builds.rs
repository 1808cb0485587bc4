//! The build of a revision, as far as pages and decisions ask for it.

use std::sync::Arc;

use picket_domain::{BuildRecord, BuildState, CommitSha};

use crate::error::PageError;
use crate::look::Look;

pub(crate) const NO_BUILD: PageError =
    PageError::NotFound("There is no build of such a revision here.");

/// Whether the channel's planning has to do with a revision.
pub(crate) fn is_known(look: &Look<'_>, rev: &CommitSha) -> bool {
    let facts = &look.facts;
    let bases = facts.today.iter().chain(&facts.released);
    let mut assemblies = bases.clone().flat_map(|on| on.assemblies.values());
    bases.into_iter().any(|on| on.builds.contains_key(rev))
        || assemblies.any(|it| it.applied().any(|(_, tip)| tip == rev))
}

/// The tries at building a revision against today's base.
pub(crate) fn record(look: &Look<'_>, rev: &CommitSha) -> Arc<BuildRecord> {
    let today = look.facts.today.as_ref();
    let record = today.and_then(|on| on.builds.get(rev));
    record.cloned().unwrap_or_default()
}

/// What passed, or was stopped already, cannot be stopped.
pub(crate) fn can_cancel(state: &BuildState<'_>) -> bool {
    match state {
        BuildState::Due | BuildState::RetryAt(_) | BuildState::GivenUp { .. } => true,
        BuildState::Passed { .. }
        | BuildState::Cancelled { .. }
        | BuildState::NoMachine { .. }
        | BuildState::Failed { .. } => false,
    }
}

/// What is about to be tried anyway, or passed, need not be tried afresh.
pub(crate) fn can_retry(state: &BuildState<'_>) -> bool {
    match state {
        BuildState::Due | BuildState::Passed { .. } => false,
        BuildState::RetryAt(_)
        | BuildState::GivenUp { .. }
        | BuildState::Cancelled { .. }
        | BuildState::NoMachine { .. }
        | BuildState::Failed { .. } => true,
    }
}
