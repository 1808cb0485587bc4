//! The part of a candidate's page about the others that are the same fix: the original, and ports.

use std::collections::BTreeSet;

use picket_domain::{
    Candidate, PatchId, PickOutcome, PickStatus, PortEvidence, PrNumber, StatusGroup, UpstreamState,
};

use crate::look::Look;
use crate::time::When;
use crate::view::{Badge, assessment_badge, upstream_name, web_address};

/// Anybody may open pull requests that say to be ports of this one.
const SHOWN: usize = 12;

/// What a page says about ports.
pub(super) struct PortsView {
    /// What whoever decides has to know.
    pub(super) told: Vec<Told>,
    pub(super) rows: Vec<PortRow>,
    /// How many are not shown.
    pub(super) more: usize,
    /// That it is watched for the sake of another one.
    pub(super) sign: Option<String>,
}

/// A sentence with a pull request in it.
pub(super) struct Told {
    pub(super) before: String,
    pub(super) link: Link,
    pub(super) after: String,
}

/// A pull request, and where it is shown: here, or else on GitHub.
pub(super) struct Link {
    pub(super) pr: PrNumber,
    pub(super) address: Option<String>,
}

/// The original, a port, or another port of the original.
pub(super) struct PortRow {
    /// What it is.
    pub(super) what: &'static str,
    pub(super) link: Link,
    /// Where it stands upstream.
    pub(super) state: &'static str,
    /// When it was merged.
    pub(super) when: Option<When>,
    /// The branch that the port goes to.
    pub(super) branch: String,
    pub(super) how: &'static str,
    /// What comes of picking it onto today's base.
    pub(super) assessment: Option<Badge>,
    /// Whether that makes the same changes.
    pub(super) compared: &'static str,
}

impl PortsView {
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate) -> Self {
        let ports = look.ports();
        let originals = ports.originals(candidate.pr);
        let originals = originals
            .iter()
            .map(|it| PortRow::original(look, candidate, it.pr));
        let made = ports.best_first(&look.facts, candidate.pr).into_iter();
        let siblings = known(look, ports.siblings(candidate.pr));
        let made = made.map(|it| PortRow::port(look, "Its backport", it, candidate.pr));
        let others = siblings.map(|it| {
            let original = ports.originals(it.pr).first().map_or(it.pr, |of| of.pr);
            PortRow::port(look, "Another backport of it:", it, original)
        });
        let mut rows: Vec<_> = originals.chain(made).chain(others).collect();
        let more = rows.len().saturating_sub(SHOWN);
        rows.truncate(SHOWN);
        for row in &mut rows {
            row.compared = compared(look, candidate, row.link.pr);
        }
        Self {
            told: told(look, candidate),
            rows,
            more,
            sign: sign(look, candidate),
        }
    }
}

impl Link {
    /// A link to a pull request from the page of another one.
    fn new(look: &Look<'_>, from: &Candidate, pr: PrNumber) -> Self {
        let address = match look.candidate(pr) {
            Some(_) => Some(format!("/candidates/{pr}?channel={}", look.channel.name())),
            None => web_address(from).and_then(|_| from.url_of(pr)),
        };
        Self { pr, address }
    }
}

impl PortRow {
    fn original(look: &Look<'_>, port: &Candidate, original: PrNumber) -> Self {
        let known = look.candidate(original);
        let evidence = look.ports().evidence(port.pr, original);
        Self {
            what: "This is the backport of",
            link: Link::new(look, port, original),
            state: known.map_or("not watched here", upstream_name),
            when: known.and_then(|it| merged(look, it)),
            branch: port.base_branch.to_string(),
            how: evidence.map_or("", PortEvidence::words),
            assessment: known.and_then(|it| assessment(look, it)),
            compared: "",
        }
    }

    fn port(look: &Look<'_>, what: &'static str, port: &Candidate, original: PrNumber) -> Self {
        let evidence = look.ports().evidence(port.pr, original);
        Self {
            what,
            link: Link::new(look, port, port.pr),
            state: upstream_name(port),
            when: merged(look, port),
            branch: port.base_branch.to_string(),
            how: evidence.map_or("", PortEvidence::words),
            assessment: assessment(look, port),
            compared: "",
        }
    }
}

fn known<'a>(
    look: &'a Look<'_>,
    prs: impl Iterator<Item = PrNumber>,
) -> impl Iterator<Item = &'a Candidate> {
    prs.filter_map(|pr| look.candidate(pr))
}

fn merged(look: &Look<'_>, candidate: &Candidate) -> Option<When> {
    match candidate.upstream {
        UpstreamState::Merged { at, .. } => Some(When::new(at, look.now)),
        UpstreamState::Open | UpstreamState::Closed => None,
    }
}

/// Of a closed one, nobody asks.
fn assessment(look: &Look<'_>, candidate: &Candidate) -> Option<Badge> {
    let form = (look.facts.resolved(candidate.pr), look.form(candidate));
    let outcome = look.assessment(candidate);
    (candidate.upstream != UpstreamState::Closed).then(|| assessment_badge(outcome, form))
}

/// Whether two make the same changes on today's base, where both apply there.
fn compared(look: &Look<'_>, candidate: &Candidate, other: PrNumber) -> &'static str {
    let other = look.candidate(other).and_then(|it| patches(look, it));
    match patches(look, candidate).zip(other) {
        Some((one, other)) if one == other => "makes the same changes there",
        Some(_) => "does not make the same changes there, commit by commit",
        None => "",
    }
}

fn patches<'a>(look: &'a Look<'_>, candidate: &Candidate) -> Option<BTreeSet<&'a PatchId>> {
    match look.assessment(candidate)? {
        PickOutcome::Picked { commits, .. } => Some(commits.iter().map(|it| &it.patch).collect()),
        PickOutcome::Contained { .. }
        | PickOutcome::Conflict { .. }
        | PickOutcome::Disputed { .. }
        | PickOutcome::Unavailable { .. } => None,
    }
}

/// That it is the port of one that is watched, which is enough to be watched.
fn sign(look: &Look<'_>, candidate: &Candidate) -> Option<String> {
    let originals = look.ports().originals(candidate.pr).iter();
    let mut watched = originals.filter(|it| look.candidate(it.pr).is_some());
    let original = watched.next()?.pr;
    Some(format!("is the backport of #{original}, which is watched"))
}

fn told(look: &Look<'_>, candidate: &Candidate) -> Vec<Told> {
    let ports = look.ports();
    let originals = ports.originals(candidate.pr).iter().map(|it| it.pr);
    let made = ports.ports(candidate.pr).iter().copied();
    let all = originals.chain(made).chain(ports.siblings(candidate.pr));
    let decided = known(look, all).filter_map(|it| decided(look, candidate, it));
    better(look, candidate).into_iter().chain(decided).collect()
}

/// That there is a port for the branch that the channel follows.
fn better(look: &Look<'_>, original: &Candidate) -> Option<Told> {
    match look.status(original).group() {
        StatusGroup::Out | StatusGroup::Done | StatusGroup::Dismissed => return None,
        StatusGroup::NeedsDecision
        | StatusGroup::PutOff
        | StatusGroup::UnderWay
        | StatusGroup::SetAside => {}
    }
    let port = look.release_port(original)?;
    let is_merged = matches!(port.upstream, UpstreamState::Merged { .. });
    let is_by_bot = look.ports().is_by_bot(port.pr, original.pr);
    let rest = if is_merged {
        "it is what upstream ships. Decide there.".to_owned()
    } else if is_by_bot {
        "it is what upstream will ship. Decide there.".to_owned()
    } else {
        let author = &port.author;
        format!("that it is one, {author} says. Where it is right, decide there.")
    };
    Some(Told {
        before: "There is a backport made for this branch:".to_owned(),
        link: Link::new(look, original, port.pr),
        after: format!(", {}; {rest}", upstream_name(port)),
    })
}

/// What became of another one that is the same fix.
fn decided(look: &Look<'_>, candidate: &Candidate, other: &Candidate) -> Option<Told> {
    let status = look.status(other);
    let (fix, part) = match look.ports().originals(candidate.pr) {
        [_, _, ..] => ("a part of this", ", a part of this"),
        [] | [_] => ("this fix", ""),
    };
    let approved = |then: String| {
        (
            "The team approved".to_owned(),
            format!("{part}, and it is {then}"),
        )
    };
    let is_in = |what: &str| (format!("{what} {fix} by"), ".".to_owned());
    let (before, after) = match status.group() {
        StatusGroup::Out => is_in("The channel ships"),
        StatusGroup::UnderWay => approved("on its way to the channel.".to_owned()),
        StatusGroup::SetAside if status.is_left_out() => {
            approved(format!("set aside: {}", status.reason()))
        }
        StatusGroup::Done if is_in_base(&status) => {
            is_in(&format!("{} has", look.channel.base_label))
        }
        StatusGroup::NeedsDecision
        | StatusGroup::SetAside
        | StatusGroup::Done
        | StatusGroup::PutOff
        | StatusGroup::Dismissed => return None,
    };
    let link = Link::new(look, candidate, other.pr);
    Some(Told {
        before,
        link,
        after,
    })
}

fn is_in_base(status: &PickStatus) -> bool {
    matches!(status, PickStatus::InBase | PickStatus::Superseded { .. })
}
