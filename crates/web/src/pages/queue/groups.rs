//! Who has to do something about a candidate: the groups of the review queue.

use picket_domain::{Candidate, Facts, Login, PickStatus, StatusGroup, may_decide};

use crate::risks::RiskTable;

/// The groups of the queue, in their order on the page: name, heading, note.
const GROUPS: [(&str, &str, &str); 8] = [
    (
        "mine",
        "Needs your decision",
        "you have not approved the current head",
    ),
    ("waiting", "Waiting for others", "more approvals are needed"),
    (
        "under-way",
        "Approved and under way",
        "on its way to the channel without anybody's doing",
    ),
    (
        "set-aside",
        "Set aside",
        "needs a person, or a change upstream; holds nothing else up",
    ),
    ("released", "Released", "in the channel's current release"),
    (
        "done",
        "Nothing left to do",
        "the stable channel, or another pick, has all of it",
    ),
    (
        "put-off",
        "Put off",
        "the team decides later; a push, a new advisory or the day brings it back",
    ),
    (
        "dismissed",
        "Dismissed",
        "the team looked at it; a push or a new advisory brings it back",
    ),
];

fn group_of(
    facts: &Facts,
    status: &PickStatus,
    candidate: &Candidate,
    member: Option<&Login>,
) -> usize {
    match status {
        PickStatus::AwaitingApproval { approvals, .. } => {
            let is_theirs = member.is_some_and(|member| {
                may_decide(facts, candidate, member).is_ok()
                    && approvals.iter().all(|one| one.by != *member)
            });
            usize::from(!is_theirs)
        }
        other => match other.group() {
            StatusGroup::NeedsDecision => 1,
            StatusGroup::UnderWay => 2,
            StatusGroup::SetAside => 3,
            StatusGroup::Out => 4,
            StatusGroup::Done => 5,
            StatusGroup::PutOff => 6,
            StatusGroup::Dismissed => 7,
        },
    }
}

/// A group with all that is in it: the most urgent first, and of those alike the oldest.
pub(super) struct Gathered<'a> {
    pub(super) name: &'static str,
    pub(super) heading: &'static str,
    pub(super) note: &'static str,
    pub(super) all: Vec<(&'a Candidate, &'a PickStatus)>,
}

impl Gathered<'_> {
    /// Whether what is in it waits for approval.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.name, "mine" | "waiting")
    }
}

/// The groups in which there is something.
pub(super) fn grouped<'a>(
    facts: &Facts,
    member: Option<&Login>,
    risks: &RiskTable,
    candidates: impl Iterator<Item = (&'a Candidate, &'a PickStatus)>,
) -> Vec<Gathered<'a>> {
    let mut groups = GROUPS.map(|(name, heading, note)| Gathered {
        name,
        heading,
        note,
        all: Vec::new(),
    });
    for (candidate, status) in candidates {
        let group = &mut groups[group_of(facts, status, candidate, member)];
        group.all.push((candidate, status));
    }
    if member.is_none() {
        groups[1].heading = "Waiting for approval";
    }
    let mut filled: Vec<_> = groups.into_iter().filter(|it| !it.all.is_empty()).collect();
    for group in &mut filled {
        group.all.sort_by_cached_key(|(candidate, _)| {
            (risks.of(candidate), candidate.opened_at, candidate.pr)
        });
    }
    filled
}
