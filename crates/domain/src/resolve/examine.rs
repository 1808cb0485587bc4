//! Looking for the pick that breaks an assembled chain, or for the build that would tell.

use std::sync::Arc;

use crate::assembly::Assembly;
use crate::build_record::{BuildRecord, BuildState};
use crate::id::{CommitSha, PrNumber};

use super::{Setback, View};

pub(super) enum Examined {
    Passes,
    Build(CommitSha),
    Culprit {
        pr: PrNumber,
        rev: CommitSha,
        setback: Setback,
    },
}

/// The record of what was never tried.
static UNTRIED: BuildRecord = BuildRecord {
    attempts: Vec::new(),
};

/// The state of the build after each applied pick.
pub(super) fn states<'a>(view: View<'a>, assembly: &Assembly) -> Vec<BuildState<'a>> {
    let state = |(_, tip): (_, &CommitSha)| {
        let record = view.on.builds.get(tip).map(Arc::as_ref);
        let word = view.facts.log.build_word(tip);
        let record = record.unwrap_or(&UNTRIED);
        record.state(view.facts.rules(), word, view.now)
    };
    assembly.applied().map(state).collect()
}

/// Examines a chain by the states of its builds.
///
/// A pick that is known to break what stands before it is a culprit even where a later one might
/// mend it: otherwise every new approval would cost one more failing build. A build that is tried
/// again later counts as one that fails, for as long as it is later: so the longest start of the
/// chain that passes is found, and the pick after it is named.
pub(super) fn examine(assembly: &Assembly, states: &[BuildState<'_>]) -> Examined {
    let applied: Vec<_> = assembly.applied().collect();
    let Some(last) = states.last() else {
        return Examined::Passes;
    };
    if passes(last) {
        return Examined::Passes;
    }
    let failures = states.iter().zip(&applied).enumerate();
    let mut failures = failures.filter_map(|(at, (state, of))| Some((at, setback(state)?, of)));
    let Some((failure, setback, (pick, tip))) = failures.next() else {
        return Examined::Build(applied[states.len() - 1].1.clone());
    };
    let first_untold = states[..failure]
        .iter()
        .rposition(passes)
        .map_or(0, |passed| passed + 1);
    if first_untold == failure {
        return Examined::Culprit {
            pr: pick.pr,
            rev: (*tip).clone(),
            setback,
        };
    }
    Examined::Build(applied[(first_untold + failure - 1) / 2].1.clone())
}

pub(super) fn passes(state: &BuildState<'_>) -> bool {
    matches!(state, BuildState::Passed { .. })
}

/// What a build came to that does not pass and is not to be tried now.
fn setback(state: &BuildState<'_>) -> Option<Setback> {
    match state {
        BuildState::Due | BuildState::Passed { .. } => None,
        BuildState::Failed { jobs, .. } => Some(Setback::Breaks(jobs.clone())),
        BuildState::RetryAt(until) => Some(Setback::Waits { until: *until }),
        BuildState::GivenUp { until, jobs, cause } => Some(Setback::GivenUp {
            until: *until,
            jobs: jobs.clone(),
            cause: *cause,
        }),
        BuildState::Cancelled { by } => Some(Setback::Cancelled { by: by.clone() }),
        BuildState::NoMachine { jobs, .. } => Some(Setback::NoMachine(jobs.clone())),
    }
}
