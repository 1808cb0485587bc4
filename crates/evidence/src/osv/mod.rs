//! Advisories in OSV form, schema 1.x: <https://ossf.github.io/osv-schema/>.
//!
//! One reader serves OSV's dumps, GitHub's advisory database and nixpkgs' own tracker, whose records
//! name attributes (ecosystem `Nixpkgs`) and the CVE that they are about.

mod advisories;
mod affected;
mod index;
mod raw;
mod record;

pub use advisories::Advisories;
pub use affected::Affected;
pub use record::Record;

pub(crate) use record::Parsed;
