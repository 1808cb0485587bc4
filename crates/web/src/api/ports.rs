//! What else is the same fix, in the API.

use picket_domain::{Candidate, PortEvidence, PortOf, PrNumber};
use serde::Serialize;

use crate::look::Look;
use crate::view::upstream_name;

/// A pull request of which this one is a port. Picket need not watch it.
#[derive(Serialize)]
pub(super) struct OriginalJson {
    number: PrNumber,
    /// What says so: `bot`, `commits`, `title` or `description`.
    how: &'static str,
}

/// A candidate that is a port of this one.
#[derive(Serialize)]
pub(super) struct PortJson {
    number: PrNumber,
    base_branch: String,
    /// Where it stands upstream: `open`, `draft`, `merged` or `closed`.
    state: &'static str,
    /// What says that it is one, as in `port_of`.
    how: Option<&'static str>,
    /// Whether it is the one that upstream ships on the branch that the channel follows.
    is_for_channel: bool,
}

/// What a candidate is a port of.
pub(super) fn port_of(look: &Look<'_>, candidate: &Candidate) -> Vec<OriginalJson> {
    let originals = look.ports().originals(candidate.pr).iter();
    let json = originals.map(|PortOf { pr, how }| OriginalJson {
        number: *pr,
        how: how.name(),
    });
    json.collect()
}

/// The ports of a candidate, by number.
pub(super) fn ports(look: &Look<'_>, candidate: &Candidate) -> Vec<PortJson> {
    let best = look.release_port(candidate).map(|it| it.pr);
    let ports = look.ports().ports(candidate.pr).iter();
    let known = ports.filter_map(|pr| look.candidate(*pr));
    known
        .map(|port| PortJson::new(look, candidate.pr, port, best))
        .collect()
}

impl PortJson {
    fn new(look: &Look<'_>, original: PrNumber, port: &Candidate, best: Option<PrNumber>) -> Self {
        let evidence = look.ports().evidence(port.pr, original);
        Self {
            number: port.pr,
            base_branch: port.base_branch.to_string(),
            state: upstream_name(port),
            how: evidence.map(PortEvidence::name),
            is_for_channel: best == Some(port.pr),
        }
    }
}
