//! Hashes as flake locks have them, for `#[serde(with = "..")]`: `sha256-<base64>`, the form of
//! <https://www.w3.org/TR/SRI/> that Nix calls SRI.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use picket_domain::Sha256;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

const PREFIX: &str = "sha256-";

/// The hash as text.
pub(crate) fn text(hash: Sha256) -> String {
    format!("{PREFIX}{}", STANDARD.encode(hash.as_bytes()))
}

fn parse(text: &str) -> Option<Sha256> {
    let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
    bytes.try_into().ok().map(Sha256::from_bytes)
}

pub(crate) fn serialize<S: Serializer>(hash: &Sha256, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text(*hash))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Sha256, D::Error> {
    let given = String::deserialize(from)?;
    let invalid = || D::Error::custom(format!("{given:?} is not sha256-<base64>"));
    parse(&given).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_go_both_ways() {
        let hash = Sha256::of(b"");
        let text = text(hash);
        assert_eq!(text, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(parse(&text), Some(hash));
        for bad in ["", "sha256-", "sha256-AAAA", "sha1-AAAA", &text[1..]] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
