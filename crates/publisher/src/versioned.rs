//! JSON files that say which format they have.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads a file of this name and of the format that is known.
///
/// # Errors
/// What is wrong with it, as a sentence for a person.
pub(crate) fn parse<T: DeserializeOwned>(
    name: &str,
    known: u32,
    bytes: &[u8],
) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let invalid = |error| format!("{name} cannot be read: {error}");
    let Versioned { format } = serde_json::from_slice(bytes).map_err(invalid)?;
    if format != known {
        return Err(format!(
            "{name} has format {format}; this version of picket knows format {known}"
        ));
    }
    serde_json::from_slice(bytes).map_err(invalid)
}
