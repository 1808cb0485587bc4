//! What is fixed and what is not: for people, and in the forms that scanners read.
//!
//! Nothing here is stored. [`Statements`] are derived from a channel's facts: what the team decided,
//! which releases had which picks, and what the stable channel was found to contain. There is one list
//! of [`Event`]s for each vulnerability of each package, the last of which is how things stand; the
//! forms are views of them:
//!
//! - [`Osv`]: a record for each fix that was released, schema 1.7 of <https://ossf.github.io/osv-schema/>.
//! - [`OpenVex`]: a channel's statements, version 0.2.0 of <https://github.com/openvex/spec>.
//! - [`VexIndex`] and [`VexManifest`]: what a VEX repository consists of beside such documents, version
//!   0.1 of <https://github.com/aquasecurity/vex-repo-spec>.

mod event;
mod fold;
mod happening;
mod openvex;
mod osv;
mod package;
mod run;
mod site;
mod statement;
mod statements;
#[cfg(test)]
mod tests;
mod versions;
mod vex_repository;

pub use event::{Event, FixedBy, What};
pub use openvex::OpenVex;
pub use osv::{Osv, OsvForm, osv_id, osv_pr};
pub use package::Package;
pub use site::Site;
pub use statement::{About, Statement};
pub use statements::{Statements, packages};
pub use versions::{Versions, version_in_base};
pub use vex_repository::{VexIndex, VexManifest, document_path};
