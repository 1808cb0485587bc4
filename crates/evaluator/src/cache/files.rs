//! Values in files, as JSON.

use std::fs;
use std::io;
use std::path::Path;

use picket_files::write_whole;
use serde::{Deserialize, Serialize};

/// What a file says; `None`: nothing that is of this kind.
pub(super) fn read<T: for<'a> Deserialize<'a>>(file: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Writes a value, whole or not at all.
pub(super) fn write(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(value).map_err(io::Error::other)?;
    fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
    write_whole(file, &json)
}
