//! What an evaluation says of attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// An attribute's name in the job set: its parts, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttributePath(pub Vec<String>);

impl AttributePath {
    /// An attribute of the top level.
    pub fn top(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

/// The parts with dots between them, as people write it.
impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// A derivation, as far as its attribute says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The store path of the derivation.
    #[serde(rename = "d")]
    pub drv: String,
    /// The store paths of its outputs, in the attribute's order.
    #[serde(rename = "o")]
    pub outputs: Vec<String>,
    /// Name with version: `openssl-1.0.2n`.
    #[serde(rename = "n")]
    pub name: String,
    /// Its version, or what its name says of it.
    #[serde(rename = "v")]
    pub version: String,
    /// The system that it is built on.
    #[serde(rename = "y")]
    pub system: String,
    /// A hash over what others can read of it but its store paths: names of attributes, version, and
    /// other plain values. `None` where that does not evaluate.
    #[serde(rename = "s")]
    pub surface: Option<String>,
}

/// What one attribute is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finding {
    /// It builds something.
    Derivation(Package),
    /// A set that is no derivation.
    Set,
    /// A function, a text, a number, ..
    Plain,
    /// It does not evaluate: the beginning of Nix's message.
    Failed(String),
    /// There is no such attribute.
    Missing,
}

impl Finding {
    /// The derivation, if it is one.
    pub fn package(&self) -> Option<&Package> {
        match self {
            Self::Derivation(package) => Some(package),
            Self::Set | Self::Plain | Self::Failed(_) | Self::Missing => None,
        }
    }
}

/// The attributes of a tree's job set.
pub type Findings = BTreeMap<AttributePath, Finding>;

/// The large sets of a tree's job set, and the names of their attributes.
pub(crate) type Sets = BTreeMap<String, BTreeSet<String>>;

/// The name of the set of all packages, where the job set is another.
pub(crate) const PACKAGES: &str = "";
