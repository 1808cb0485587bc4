//! The part of a candidate's page that says that servers have an earlier head of it.

use picket_domain::{Candidate, approvals_of};

use crate::look::Look;
use crate::time::When;
use crate::view::listed;

/// An earlier head that servers have.
pub(super) struct OutView {
    /// The first characters of it.
    pub(super) head: String,
    pub(super) release: String,
    pub(super) since: Option<When>,
    /// Who approved it, as a list in words; empty where nobody's approval counts any more.
    pub(super) approved_by: String,
}

impl OutView {
    /// `None` where servers have the head that the page shows, or nothing of it.
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate) -> Option<Self> {
        let (release, pick) = look.facts.earlier_head_out(candidate)?;
        let approvals = approvals_of(&look.facts, candidate, &pick.head);
        let since = release.published_at();
        Some(Self {
            head: pick.head.short().to_owned(),
            release: release.name.to_string(),
            since: since.map(|at| When::new(at, look.now)),
            approved_by: listed(approvals.iter().map(|approval| approval.by.to_string())),
        })
    }
}
