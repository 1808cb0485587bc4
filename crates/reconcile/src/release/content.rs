//! What a release says of itself.

use std::collections::BTreeMap;

use picket_domain::{
    Assembly, Candidate, ChainSpec, Facts, ImpactedPackage, OddJobs, PickOutcome, PrNumber,
    Release, Timestamp, resolve, status,
};
use picket_publisher::{PickNote, SetAside};

/// `chain` is the one that the release's tip is of, where it is on record.
pub(super) fn notes(
    facts: &Facts,
    release: &Release,
    chain: Option<&(ChainSpec, Assembly)>,
) -> BTreeMap<PrNumber, PickNote> {
    let picks = release.picks.iter();
    let noted = picks.filter_map(|pick| {
        let candidate = facts.candidates.get(&pick.pr)?;
        let mut note = note(candidate, chain);
        if candidate.head == pick.head {
            note.versions = versions(facts, release, candidate);
        }
        Some((pick.pr, note))
    });
    noted.collect()
}

/// What was found out on the release's own base.
fn versions(facts: &Facts, release: &Release, candidate: &Candidate) -> Vec<ImpactedPackage> {
    let is_of_base = facts
        .base()
        .is_some_and(|base| base.rev == release.base.rev);
    let impact = facts.impact(candidate).filter(|_| is_of_base);
    impact.map(|it| it.versions().to_vec()).unwrap_or_default()
}

fn note(candidate: &Candidate, chain: Option<&(ChainSpec, Assembly)>) -> PickNote {
    let mut note = PickNote {
        title: candidate.title.clone(),
        advisories: candidate.advisories(),
        ..PickNote::default()
    };
    let Some((spec, assembly)) = chain else {
        return note;
    };
    if let Some(PickOutcome::Picked { commits, .. }) = assembly.outcome(candidate.pr) {
        note.commits.clone_from(commits);
    }
    let mut picks = spec.picks.iter();
    if let Some(pick) = picks.find(|pick| pick.pr == candidate.pr) {
        note.approvals.clone_from(&pick.approvals);
    }
    note
}

/// The jobs of the release's build that are not as they should be.
pub(super) fn odd_jobs(facts: &Facts, release: &Release, now: Timestamp) -> OddJobs {
    let mut odd = OddJobs::default();
    odd.add(&facts.build_state(&release.tip, &facts.under_way, now));
    odd
}

/// Approved pull requests that are not in the release, each with the reason.
pub(super) fn set_aside(facts: &Facts, release: &Release, now: Timestamp) -> Vec<SetAside> {
    let resolution = resolve(facts, now);
    let wanted = resolution.wanted.iter();
    let candidates = wanted.filter_map(|pick| facts.candidates.get(&pick.pr));
    candidates
        .filter(|candidate| !release.has(candidate.pr))
        .filter_map(|candidate| {
            let status = status(facts, &resolution, candidate);
            status.is_left_out().then(|| SetAside {
                pr: candidate.pr,
                reason: status.reason(),
            })
        })
        .collect()
}
