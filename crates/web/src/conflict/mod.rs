//! All that the web side does with a pick that conflicts.
//!
//! - `found` picks again, and looks at where it conflicts; `sight` keeps that for pages and forms.
//! - `help` is what Picket makes of that.
//! - `show` is the parts of a candidate's page: the conflict, and what people made of it.
//! - `choices` is what the forms there say, and `check` whether that can be taken.
//! - `decide` is what a member's decision does.
//!
//! The page shows a [`Found`](found::Found), and its forms carry the [`digest`](found::Found::digest)
//! of that: what a form says is done only to the conflict that its page showed.

mod check;
mod choices;
mod decide;
mod found;
mod help;
mod show;
mod sight;

pub(crate) use decide::{drop_resolutions, resolve, resolve_by_branch};
pub(crate) use show::{ConflictPart, ResolvedPart};
pub use sight::Conflicts;
