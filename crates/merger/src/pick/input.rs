//! What a pick is made of besides its commits.

use std::collections::BTreeMap;

use picket_domain::{ApprovedPick, Candidate, ContentId, Form, ResolvedSet, Timestamp};

/// What people made of conflicting files, and the texts of forms, by the hash under which it is kept.
/// That of a submodule is its commit's id, in hexadecimal.
pub type Contents = BTreeMap<ContentId, Vec<u8>>;

/// The pick of a candidate that nobody has approved yet.
pub(crate) fn unapproved(
    candidate: &Candidate,
    at: Timestamp,
    (resolved, form): (&ResolvedSet, &Form),
) -> ApprovedPick {
    ApprovedPick {
        pr: candidate.pr,
        head: candidate.head.clone(),
        approvals: Vec::new(),
        approved_at: at,
        resolved: resolved.clone(),
        form: form.clone(),
        needed: 0,
    }
}
