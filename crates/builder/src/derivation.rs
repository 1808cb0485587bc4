//! What a derivation says of itself, read from its file in the store.

use std::fs::File;
use std::io::{self, Read};

use nix_derivation::{Derivation, StoreDir};
use picket_domain::StorePath;

/// Largest derivation that is read, in bytes.
const SIZE_MAX: u64 = 64 << 20;

/// The parts of a derivation that matter when its build is watched or explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// The derivations that it needs, sorted.
    pub(crate) inputs: Vec<StorePath>,
    /// The paths of its outputs.
    pub(crate) outputs: Vec<StorePath>,
    /// Whether its output's hash is given, as that of a download is.
    pub(crate) fixed_output: bool,
}

/// Reads a derivation from the store.
pub(crate) fn read(drv: &StorePath) -> io::Result<Recipe> {
    let mut bytes = Vec::new();
    let file = File::open(drv.as_str())?;
    file.take(SIZE_MAX).read_to_end(&mut bytes)?;
    parse(&bytes, drv).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn parse(bytes: &[u8], drv: &StorePath) -> Result<Recipe, String> {
    let said = |error: nix_derivation::Error| error.to_string();
    let name = drv.name().strip_suffix(".drv").unwrap_or(drv.name());
    let dir = StoreDir::new(drv.store_dir()).map_err(|error| error.to_string())?;
    let derivation = Derivation::from_aterm_bytes_in(bytes, name, dir.clone()).map_err(said)?;
    let path = |path: &nix_derivation::StorePath| {
        StorePath::parse(&path.to_absolute_path_in(&dir)).map_err(|error| error.to_string())
    };
    let inputs: Result<Vec<_>, _> = derivation.input_derivations().keys().map(path).collect();
    let outputs = derivation.resolved_outputs().map_err(said)?;
    let outputs: Result<Vec<_>, _> = outputs
        .values()
        .filter_map(|output| output.path.as_ref())
        .map(path)
        .collect();
    let mut inputs = inputs?;
    inputs.sort();
    Ok(Recipe {
        inputs,
        outputs: outputs?,
        fixed_output: derivation.is_fixed_output().map_err(said)?,
    })
}

/// The name that people know a derivation by: `openssl-3.0.15`.
pub(crate) fn display_name(drv: &StorePath) -> &str {
    drv.name().strip_suffix(".drv").unwrap_or(drv.name())
}
