//! The record of what a mirror's runs put there, kept in the mirror itself.

use std::collections::BTreeMap;

use picket_domain::{ChannelName, ReleaseName, Sha256};
use serde::{Deserialize, Serialize};

use crate::scan::LocalFile;

/// The record's key.
pub const RECORD: &str = "picket-mirror.json";

/// No record that is read is longer, in bytes: that of some hundred thousand objects.
pub(crate) const SIZE_MAX: u64 = 256 << 20;

const FORMAT: u32 = 1;

/// The record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    format: u32,
    /// Whose mirror it is: [`picket_publisher::PublicDir::identity`].
    pub(crate) owner: String,
    /// By key.
    pub(crate) objects: BTreeMap<String, Entry>,
    pub(crate) channels: BTreeMap<ChannelName, ChannelEntry>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// In bytes.
    pub(crate) size: u64,
    /// When the file was written that it was made from, in nanoseconds since 1970.
    pub(crate) modified: i64,
    /// Unknown of what a killed run put there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) sha256: Option<Sha256>,
    #[serde(skip_serializing_if = "State::is_there", default)]
    pub(crate) state: State,
}

/// What is known of an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It is there.
    #[default]
    There,
    /// It was to come where nothing was: if it is there, it is this.
    Coming,
    /// It was to come where something was: what is there may be either.
    Replacing,
}

impl State {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_there(&self) -> bool {
        *self == Self::There
    }
}

/// Where a channel was led to, and what was stated of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelEntry {
    pub(crate) release: Option<ReleaseName>,
    /// The hash of `latest.json`.
    pub(crate) statement: Option<Sha256>,
    /// That of its signatures.
    pub(crate) signatures: Option<Sha256>,
}

impl Ledger {
    /// Of a mirror where nothing is.
    pub(crate) fn new(owner: &str) -> Self {
        Self {
            format: FORMAT,
            owner: owner.to_owned(),
            objects: BTreeMap::new(),
            channels: BTreeMap::new(),
        }
    }

    /// # Errors
    /// Where it is none of this version's, in words.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let ledger: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if ledger.format != FORMAT {
            return Err(format!("it has the format {}", ledger.format));
        }
        Ok(ledger)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record has no value that JSON lacks")
    }

    /// Whether every object that it names is there as far as it knows.
    pub(crate) fn is_whole(&self) -> bool {
        self.objects.values().all(|it| it.state == State::There)
    }

    /// Writes down that an object is to come.
    pub(crate) fn announce(&mut self, file: &LocalFile, state: State) {
        let entry = Entry {
            size: file.size,
            modified: file.modified,
            sha256: None,
            state,
        };
        self.objects.insert(file.key.clone(), entry);
    }
}
