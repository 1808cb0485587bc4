//! What the parts know of the page that they are on.

use picket_domain::{Candidate, Objection, PrNumber, may_decide};

use crate::look::Look;
use crate::session::Viewer;

/// A candidate's page, and who looks at it.
pub(super) struct Page {
    pub(super) channel: String,
    pub(super) base_label: String,
    pub(super) pr: PrNumber,
    /// The token that the forms carry; empty where nobody is signed in.
    pub(super) csrf: String,
    /// Whether the viewer opened the pull request.
    pub(super) is_author: bool,
    /// Whether the viewer may say what conflicts are to become.
    pub(super) can_resolve: bool,
}

impl Page {
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate, viewer: &Viewer) -> Self {
        let may = |member| may_decide(&look.facts, candidate, member);
        let may = viewer.member().map(may);
        let csrf = viewer.person.as_ref().map(|person| person.csrf.to_string());
        Self {
            channel: look.channel.name().to_string(),
            base_label: look.channel.base_label.clone(),
            pr: candidate.pr,
            csrf: csrf.unwrap_or_default(),
            is_author: may == Some(Err(Objection::Own)),
            can_resolve: may == Some(Ok(())),
        }
    }
}
