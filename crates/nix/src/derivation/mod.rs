//! What a derivation says of itself, read from its file in the store.

pub mod needs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};

use memchr::memmem;
use nix_derivation::{Derivation, StoreDir};
use picket_domain::StorePath;

/// Largest derivation that is read, in bytes.
const SIZE_MAX: u64 = 64 << 20;

/// The parts of a derivation that matter when its build is watched or explained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The derivations that it needs, sorted.
    pub inputs: Vec<StorePath>,
    /// The paths of its outputs, by name. An output whose path is not known before it is built is
    /// not among them.
    pub outputs: BTreeMap<String, StorePath>,
    /// What it is built on: `x86_64-linux`, or `builtin`.
    pub system: String,
    /// Whether its output's hash is given, as that of a download is.
    pub fixed_output: bool,
    /// The features that it asks of its machine: `kvm`, `big-parallel`.
    pub features: BTreeSet<String>,
}

/// Reads a derivation from the store.
///
/// # Errors
/// Where it is not there, or is none.
pub fn read(drv: &StorePath) -> io::Result<Recipe> {
    parse(&bytes_of(drv)?, drv).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Whether a derivation's file has this text in it.
///
/// # Errors
/// Where it is not there.
pub fn contains(drv: &StorePath, text: &str) -> io::Result<bool> {
    Ok(memmem::find(&bytes_of(drv)?, text.as_bytes()).is_some())
}

fn bytes_of(drv: &StorePath) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(drv.as_str())?;
    file.take(SIZE_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
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
    let outputs: Result<BTreeMap<_, _>, String> = outputs
        .iter()
        .filter_map(|(name, output)| Some((name, output.path.as_ref()?)))
        .map(|(name, output)| Ok((name.to_string(), path(output)?)))
        .collect();
    let mut inputs = inputs?;
    inputs.sort();
    Ok(Recipe {
        inputs,
        outputs: outputs?,
        system: derivation.system().to_owned(),
        fixed_output: derivation.is_fixed_output().map_err(said)?,
        features: features(&derivation),
    })
}

/// The features that a derivation asks of its machine. They are a text with blanks between them, or
/// a list where its attributes are structured.
fn features(derivation: &Derivation) -> BTreeSet<String> {
    const NAME: &str = "requiredSystemFeatures";
    let text = derivation.environment().get(NAME);
    let text = text.map(|text| String::from_utf8_lossy(text).into_owned());
    let listed = derivation.structured_attrs().and_then(|it| it.get(NAME));
    let listed = listed
        .and_then(|list| list.as_array())
        .into_iter()
        .flatten();
    let listed = listed.filter_map(|feature| feature.as_str().map(str::to_owned));
    let words = text.iter().flat_map(|text| text.split_ascii_whitespace());
    words.map(str::to_owned).chain(listed).collect()
}

/// The name that people know a derivation by: `openssl-3.0.15`.
pub fn display_name(drv: &StorePath) -> &str {
    drv.name().strip_suffix(".drv").unwrap_or(drv.name())
}

/// A derivation's name without its version.
pub fn package(drv: &StorePath) -> &str {
    without_version(display_name(drv))
}

/// A name without its version, as Nix tells them apart: the version begins at the first dash that no
/// letter follows.
pub fn without_version(name: &str) -> &str {
    let dashes = name.match_indices('-');
    let is_version = |(at, _): &(usize, &str)| {
        let next = name.as_bytes().get(at + 1);
        next.is_some_and(|next| !next.is_ascii_alphabetic())
    };
    match dashes.into_iter().find(is_version) {
        Some((at, _)) => &name[..at],
        None => name,
    }
}
