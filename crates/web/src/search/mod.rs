//! What people ask: is it fixed? Of a package, a vulnerability or a pull request.

mod found;
mod query;
mod words;

pub(crate) use found::{Found, PackageFound};
pub(crate) use query::{MAX_QUERY, Query};
pub(crate) use words::{state_badge, state_words};
