//! A VEX repository, version 0.1: <https://github.com/aquasecurity/vex-repo-spec>.
//!
//! A manifest at `/.well-known/vex-repository.json` leads to an archive, in which there is an index and
//! a document for each package.

use picket_domain::{Sha256, Timestamp};
use serde::Serialize;

use crate::package::Package;
use crate::site::Site;

/// The manifest.
#[derive(Debug, Serialize)]
pub struct VexManifest {
    name: String,
    description: &'static str,
    versions: [Version; 1],
}

#[derive(Debug, Serialize)]
struct Version {
    spec_version: &'static str,
    locations: [Location; 1],
    update_interval: &'static str,
}

#[derive(Debug, Serialize)]
struct Location {
    url: String,
}

impl VexManifest {
    /// The manifest of a repository whose archive is at this address.
    pub fn new(site: &Site, archive: String) -> Self {
        Self {
            name: format!("Picket at {}", site.url),
            description: "What the security channels of this Picket fix, and what they do not",
            versions: [Version {
                spec_version: "0.1",
                locations: [Location { url: archive }],
                update_interval: "1h",
            }],
        }
    }
}

/// The index: `index.json` of the archive.
#[derive(Debug, Serialize)]
pub struct VexIndex {
    updated_at: String,
    packages: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    location: String,
    format: &'static str,
}

impl VexIndex {
    /// The index of the documents about these packages.
    pub fn new<'p>(updated_at: Timestamp, packages: impl Iterator<Item = &'p Package>) -> Self {
        let entry = |package: &Package| Entry {
            id: package.purl(),
            location: document_path(package),
            format: "openvex",
        };
        Self {
            updated_at: updated_at.to_string(),
            packages: packages.map(entry).collect(),
        }
    }
}

/// Where a package's document is in the archive. The specification has letters, digits and `_.-` in
/// such paths: where an attribute has others, its hash stands for it.
pub fn document_path(package: &Package) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let folder = match package.as_str() {
        plain if plain.chars().all(is_plain) => plain.to_owned(),
        other => Sha256::of(other.as_bytes()).to_string(),
    };
    format!("pkg/nix/nixpkgs/{folder}/vex.json")
}
