//! Paths as the protocol writes them.

use std::io;

use picket_domain::StorePath;

use super::wire::garbled;

pub(super) fn parse(text: &str) -> io::Result<StorePath> {
    StorePath::parse(text).map_err(|error| garbled(&error.to_string()))
}

/// A derivation with all of its outputs, as protocol 1.34 writes it.
pub(super) fn all_outputs(drv: &StorePath) -> String {
    format!("{drv}!*")
}
