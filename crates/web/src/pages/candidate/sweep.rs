//! The packages that a candidate's advisories affect, and what becomes of each: a fix to one of a
//! library's versions, or of a browser's forks, is not one to the others.

use std::collections::BTreeSet;

use picket_domain::{Advisory, Candidate, PickStatus, PrNumber, UpstreamState, last_name};
use picket_evidence::AdvisoryFacts;
use picket_recognise::{Subject, is_about};

use crate::look::Look;
use crate::view::{Badge, status_badge};

/// Packages that are shown.
const SHOWN: usize = 30;
/// Pull requests that are shown of each.
const FIXES: usize = 5;

/// The ecosystem of nixpkgs' own records, whose packages are attributes.
const NIXPKGS: &str = "Nixpkgs";

/// The packages that the advisories affect.
pub(super) struct SweepView {
    pub(super) packages: Vec<SweptView>,
    pub(super) more: usize,
}

/// One of them.
pub(super) struct SweptView {
    pub(super) attribute: String,
    /// Whether the candidate itself is about it.
    pub(super) is_here: bool,
    /// The other candidates that are.
    pub(super) fixes: Vec<FixView>,
}

pub(super) struct FixView {
    pub(super) pr: PrNumber,
    pub(super) badge: Badge,
    /// Whether it names one of these advisories: it may fix something else.
    pub(super) names_it: bool,
}

impl SweepView {
    /// What becomes of each package; `None` where the candidate is about the only one.
    pub(super) fn of(
        look: &Look<'_>,
        candidate: &Candidate,
        facts: &[AdvisoryFacts<'_>],
    ) -> Option<Self> {
        let affected = facts.iter().flat_map(AdvisoryFacts::affected);
        let attributes: BTreeSet<_> = affected
            .filter(|it| &*it.ecosystem == NIXPKGS)
            .map(|it| &*it.name)
            .collect();
        let more = attributes.len().saturating_sub(SHOWN);
        let named: BTreeSet<_> = facts
            .iter()
            .flat_map(|it| it.also.iter().chain([&it.advisory]))
            .collect();
        let attributes: Vec<_> = attributes.into_iter().take(SHOWN).collect();
        let near: Vec<_> = look
            .candidates()
            .filter(|(it, _)| it.pr != candidate.pr && it.upstream != UpstreamState::Closed)
            .filter(|(it, _)| is_near(it, &attributes, &named))
            .collect();
        let packages: Vec<_> = attributes
            .into_iter()
            .map(|attribute| SweptView::of(candidate, attribute, &near, &named))
            .collect();
        let is_told = packages.iter().any(|it| !it.is_here);
        is_told.then_some(Self { packages, more })
    }
}

impl SweptView {
    fn of(
        candidate: &Candidate,
        attribute: &str,
        near: &[(&Candidate, &PickStatus)],
        named: &BTreeSet<&Advisory>,
    ) -> Self {
        let fixes = near
            .iter()
            .filter(|(it, _)| is_about(&Subject::from(*it), attribute));
        Self {
            attribute: attribute.to_owned(),
            is_here: is_about(&Subject::from(candidate), attribute),
            fixes: fixes
                .take(FIXES)
                .map(|(it, status)| FixView {
                    pr: it.pr,
                    badge: status_badge(status),
                    names_it: names_any(it, named),
                })
                .collect(),
        }
    }
}

/// Whether a closer look is worth it: there are ten thousand candidates, and few come near.
fn is_near(candidate: &Candidate, attributes: &[&str], named: &BTreeSet<&Advisory>) -> bool {
    let mut names = attributes.iter().map(|it| last_name(it));
    names.any(|name| candidate.title.contains(name)) || names_any(candidate, named)
}

fn names_any(candidate: &Candidate, advisories: &BTreeSet<&Advisory>) -> bool {
    let read = candidate.details.iter().flat_map(|it| &it.named);
    let mut names = candidate.named.iter().chain(read);
    names.any(|it| advisories.contains(it))
}
