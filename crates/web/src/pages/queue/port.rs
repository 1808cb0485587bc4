//! What a row says about others that are the same fix.

use picket_domain::Candidate;

use crate::look::Look;

/// That there is a backport for the channel's release, or of what this is one; empty where neither.
pub(super) fn port_words(look: &Look<'_>, candidate: &Candidate) -> String {
    if let Some(port) = look.release_port(candidate) {
        return format!("backport #{} is there", port.pr);
    }
    match look.ports().originals(candidate.pr) {
        [] => String::new(),
        [only] => format!("backport of #{}", only.pr),
        [first, others @ ..] => format!("backport of #{} and {} more", first.pr, others.len()),
    }
}
