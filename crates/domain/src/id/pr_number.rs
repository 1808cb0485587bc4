//! What candidates are called.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of a pull request in the watched repository, or of a patch of the team's own, which has
/// none there.
///
/// A pull request is written as its number, `4242`. Own patches are numbered apart, and written
/// `own-1`, `own-2`: inside, they are the numbers from 2^40 on, which no forge gets to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrNumber(pub u64);

/// What comes before the number of an own patch.
const PREFIX: &str = "own-";

impl PrNumber {
    /// What all numbers of own patches are above, and no pull request's is.
    pub const OWN: u64 = 1 << 40;

    /// The own patch of this number, from 1.
    pub fn own(number: u32) -> Self {
        Self(Self::OWN + u64::from(number))
    }

    /// Whether it is a patch of the team's own.
    pub fn is_own(self) -> bool {
        self.0 > Self::OWN
    }

    /// The number of an own patch.
    fn own_number(self) -> Option<u64> {
        self.is_own().then(|| self.0 - Self::OWN)
    }
}

impl fmt::Display for PrNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.own_number() {
            Some(number) => write!(f, "{PREFIX}{number}"),
            None => self.0.fmt(f),
        }
    }
}

impl FromStr for PrNumber {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(PREFIX) {
            Some(number) => number.parse().map(Self::own),
            None => text.parse().map(Self),
        }
    }
}

/// As a number, or, of an own patch, as text.
impl Serialize for PrNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.is_own() && serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_u64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for PrNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            // Addresses, forms and the keys of JSON objects have the number as text.
            true => deserializer.deserialize_any(Either),
            false => deserializer.deserialize_u64(Either),
        }
    }
}

struct Either;

impl Visitor<'_> for Either {
    type Value = PrNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a pull request's number, or {PREFIX} and an own patch's")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<PrNumber, E> {
        Ok(PrNumber(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PrNumber, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn own_patches_are_told_from_pull_requests_in_every_spelling() {
        let both = [PrNumber(4242), PrNumber::own(3)];
        assert_eq!(both.map(|it| it.to_string()), ["4242", "own-3"]);
        assert_eq!(both.map(PrNumber::is_own), [false, true]);
        for it in both {
            assert_eq!(it.to_string().parse(), Ok(it));
        }
        let text = serde_json::to_string(&both).unwrap();
        assert_eq!(text, r#"[4242,"own-3"]"#);
        assert_eq!(serde_json::from_str::<[PrNumber; 2]>(&text).unwrap(), both);
        let keys = BTreeMap::from(both.map(|it| (it, ())));
        let text = serde_json::to_string(&keys).unwrap();
        assert_eq!(text, r#"{"4242":null,"own-3":null}"#);
        assert_eq!(
            serde_json::from_str::<BTreeMap<PrNumber, ()>>(&text).unwrap(),
            keys
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in ["", "own-", "own--1", "own-99999999999", "Own-1", "-1", "x"] {
            assert!(bad.parse::<PrNumber>().is_err(), "{bad:?}");
        }
        for bad in ["-1", "\"x\"", "1.5", "null", "[1]"] {
            assert!(serde_json::from_str::<PrNumber>(bad).is_err(), "{bad}");
        }
    }
}
