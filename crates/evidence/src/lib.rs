//! What is known of vulnerabilities elsewhere, from files that are kept beside Picket.
//!
//! Nothing here decides anything: it helps people to see what is urgent. Nor does it fetch: a timer of
//! the system's does that better, a server without a network can be given the files by hand, and a
//! source that cannot be had never holds a candidate up. A file is read again when it was replaced;
//! where it cannot be read, what it last said stays, and [`Standing`] says why.
//!
//! - [`Source`] is what they have in common: [`KevFile`], CISA's catalogue of known exploited
//!   vulnerabilities, as JSON from <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>;
//!   [`OsvFiles`], advisories in OSV form; [`EpssFile`], FIRST's scores of how likely exploitation is.
//! - [`Evidence`] watches those that there are. [`Known`] is what they say together, and
//!   [`AdvisoryFacts`] what they say of one vulnerability under all its names.
//! - [`Risk`] is the order of the queue, and the reason for it; [`Targets`], how soon a team wants what
//!   is at risk to be mended.

mod advised;
mod day;
mod epss;
mod epss_file;
mod evidence;
mod exploited;
mod facts;
mod kev_file;
mod known;
mod osv;
mod osv_files;
mod risk;
mod severity;
mod source;
mod targets;
mod watched;

pub use advised::{Advised, SamePackage};
pub use epss::{InvalidScores, Likelihood, Scores};
pub use epss_file::EpssFile;
pub use evidence::{Evidence, Places};
pub use exploited::{Catalogue, Exploited, InvalidCatalogue};
pub use facts::AdvisoryFacts;
pub use kev_file::KevFile;
pub use known::Known;
pub use osv::{Advisories, Affected, Record};
pub use osv_files::OsvFiles;
pub use risk::Risk;
pub use severity::{Rating, Severity};
pub use source::{Reading, Source, SourceKind, Stamp, Unreadable};
pub use targets::{Gravity, Target, Targets};
pub use watched::Standing;
