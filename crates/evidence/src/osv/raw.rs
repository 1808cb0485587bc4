//! A record as its JSON has it, as far as it is read.
//!
//! Every field may be missing or null: what makes a record useless is decided where it is made
//! sense of.

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub(super) struct Raw {
    pub(super) id: String,
    pub(super) aliases: Option<Vec<String>>,
    pub(super) upstream: Option<Vec<String>>,
    pub(super) related: Option<Vec<String>>,
    pub(super) summary: Option<String>,
    pub(super) details: Option<String>,
    pub(super) severity: Option<Vec<Severity>>,
    pub(super) affected: Option<Vec<Affected>>,
    pub(super) references: Option<Vec<Reference>>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
    pub(super) withdrawn: Option<String>,
    /// Whatever its register adds.
    pub(super) database_specific: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Severity {
    /// A vector, where the type is one of CVSS.
    pub(super) score: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Affected {
    pub(super) package: Option<Package>,
    pub(super) severity: Option<Vec<Severity>>,
    pub(super) ranges: Option<Vec<Range>>,
}

#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) ecosystem: String,
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct Range {
    pub(super) events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) fixed: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) url: Option<String>,
}
