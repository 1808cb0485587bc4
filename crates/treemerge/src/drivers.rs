//! How each file's content is merged.

use crate::text::Driver;

/// Says how a path's content is merged: what git reads from attributes.
pub trait Drivers {
    /// The driver for the file at `path` (bytes, slashes between its parts).
    fn driver(&self, path: &[u8]) -> Driver;
}

/// Every file as text: what git does in a bare repository that has no attributes of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllText;

impl Drivers for AllText {
    fn driver(&self, _path: &[u8]) -> Driver {
        Driver::Text
    }
}
