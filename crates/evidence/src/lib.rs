//! What is known of vulnerabilities elsewhere, from files that are kept beside Picket.
//!
//! Nothing here decides anything: it helps people to see what is urgent. Nor does it fetch: a timer of
//! the system's does that better, a server without a network can be given the files by hand, and a
//! source that cannot be had never holds a candidate up. A file is read again when it was replaced.
//!
//! - [`Exploited`]: CISA's catalogue of known exploited vulnerabilities (KEV), as JSON from
//!   <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>.

mod exploited;
mod watched_file;

pub use exploited::{Catalogue, Exploited, InvalidCatalogue};
pub use watched_file::KevFile;
