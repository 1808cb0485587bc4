//! What a person who decides about a pull request is shown, and what their word then means.
//!
//! Forms carry a digest of what their page showed. The rules here look again, at the facts of the
//! moment at which the form arrives: what has moved meanwhile is not decided on.

mod approval;
mod place;
mod seen;
mod word;

pub use approval::{Objection, Shown, approval, can_be_overruled, is_open, may_decide};
pub use place::{ConflictPlace, PickedBefore};
pub use seen::{Seen, approvals, approvals_of, counting_approvals, stale_pick};
pub use word::{has_spoken, last_word};

#[cfg(test)]
mod tests;
