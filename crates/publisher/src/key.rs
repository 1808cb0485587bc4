//! Keys and signatures in Nix's format: `name:base64`.
//!
//! Nix signs with Ed25519. A secret key is the 32-byte seed and the 32-byte public key, 64 bytes in
//! all, as `nix-store --generate-binary-cache-key` writes it.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

const NAME_MAX: usize = 128;

/// Why a text is no key or signature. Never holds the text itself: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// There is no `name:` before the base64.
    #[error("it is not of the form name:base64")]
    NoName,
    /// The name is empty, too long, or holds characters that Nix's settings could not carry.
    #[error(
        "a key name has 1 to {NAME_MAX} printable ASCII characters without ':' and white space"
    )]
    Name,
    /// What follows the name is not base64.
    #[error("what follows the key name is not base64")]
    Base64,
    /// The decoded bytes are too few or too many.
    #[error("it holds {found} bytes where {expected} belong")]
    Length {
        /// How many bytes belong there.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The bytes are no point of the curve, or a secret key's halves do not belong together.
    #[error("its bytes are not an Ed25519 key")]
    NotAKey,
}

/// The name of a key: `cache.example.org-1`. Clients look a signature's key up by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

impl KeyName {
    /// Takes a name that Nix's settings and narinfos can carry.
    ///
    /// # Errors
    /// [`KeyError::Name`] where they cannot.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let plain = |b: u8| b.is_ascii_graphic() && b != b':';
        if (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Name)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret key. It is wiped from memory when dropped, and has no way into a log.
pub struct SecretKey {
    name: KeyName,
    key: SigningKey,
}

impl SecretKey {
    /// The key that these 32 random bytes make.
    pub fn from_seed(name: KeyName, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self { name, key }
    }

    /// A new key, from the system's random numbers.
    ///
    /// # Errors
    /// Where the system has none to give.
    pub fn generate(name: KeyName) -> std::io::Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        let mut filled = 0;
        while filled < seed.len() {
            let flags = rustix::rand::GetRandomFlags::empty();
            filled += rustix::rand::getrandom(&mut seed[filled..], flags)?;
        }
        Ok(Self::from_seed(name, &seed))
    }

    /// Takes `name:base64` of 64 bytes.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong without showing the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = decode::<64>(text)?;
        let key = SigningKey::from_keypair_bytes(&bytes).map_err(|_| KeyError::NotAKey)?;
        Ok(Self { name, key })
    }

    /// The key as a file holds it: `name:base64`, without a line end.
    pub fn to_text(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(self.key.to_keypair_bytes());
        let base64 = Zeroizing::new(STANDARD.encode(&bytes[..]));
        Zeroizing::new(format!("{}:{}", self.name, base64.as_str()))
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key that clients are told.
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// Signs these bytes. The same bytes give the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            name: self.name.clone(),
            bytes: self.key.sign(message).to_bytes(),
        }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A public key: what clients put into `trusted-public-keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    name: KeyName,
    key: VerifyingKey,
}

impl PublicKey {
    /// Takes `name:base64` of 32 bytes.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = decode::<32>(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAKey)?;
        Ok(Self { name, key })
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// Whether the signature is this key's, over these bytes.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.name == signature.name && self.verify_bytes(message, &signature.bytes)
    }

    /// Whether these bytes are a signature of this key over a message.
    pub(crate) fn verify_bytes(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).is_ok()
    }

    /// The key itself.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, STANDARD.encode(self.key.as_bytes()))
    }
}

/// A signature and the name of the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: KeyName,
    bytes: [u8; 64],
}

impl Signature {
    /// Takes `name:base64` of 64 bytes.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = decode::<64>(text)?;
        Ok(Self {
            name,
            bytes: *bytes,
        })
    }

    /// The signature itself.
    pub(crate) fn as_bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// The name of the key that made it.
    pub fn key_name(&self) -> &KeyName {
        &self.name
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, STANDARD.encode(self.bytes))
    }
}

/// Splits `name:base64`. The bytes are wiped, since they may be a secret key's.
fn decode<const N: usize>(text: &str) -> Result<(KeyName, Zeroizing<[u8; N]>), KeyError> {
    let (name, base64) = text.trim_end().split_once(':').ok_or(KeyError::NoName)?;
    let name = KeyName::parse(name)?;
    let decoded = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
    let decoded = Zeroizing::new(decoded);
    let bytes: [u8; N] = decoded[..].try_into().map_err(|_| KeyError::Length {
        expected: N,
        found: decoded.len(),
    })?;
    Ok((name, Zeroizing::new(bytes)))
}

/// Defines the conversions from and to text of a type that has `parse` and `Display`.
macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = KeyError;

            fn from_str(text: &str) -> Result<Self, KeyError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;

            fn try_from(text: String) -> Result<Self, KeyError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

text_conversions!(KeyName, PublicKey, Signature);

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> SecretKey {
        SecretKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32])
    }

    #[test]
    fn keys_and_signatures_go_through_text() {
        let secret = key("cache.example.org-1", 7);
        let again = SecretKey::parse(&secret.to_text()).unwrap();
        assert_eq!(again.public(), secret.public());
        let public = PublicKey::parse(&secret.public().to_string()).unwrap();
        let signature = Signature::parse(&secret.sign(b"text").to_string()).unwrap();
        assert!(public.verify(b"text", &signature));
        assert!(!public.verify(b"Text", &signature));
    }

    #[test]
    fn a_signature_holds_for_its_key_alone() {
        let signature = key("a", 1).sign(b"text");
        assert!(!key("a", 2).public().verify(b"text", &signature));
        assert!(!key("b", 1).public().verify(b"text", &signature));
    }

    #[test]
    fn two_new_keys_differ() {
        let new = || SecretKey::generate(KeyName::parse("k").unwrap()).unwrap();
        assert_ne!(new().public(), new().public());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = key("k", 7);
        let base64 = secret.to_text().split_once(':').unwrap().1.to_owned();
        assert!(!format!("{secret:?}").contains(&base64[..20]));
        let truncated = &secret.to_text()[..40];
        let error = SecretKey::parse(truncated).unwrap_err();
        assert!(!error.to_string().contains(&base64[..20]), "{error}");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let zeros = |n| STANDARD.encode(vec![0_u8; n]);
        for (text, error) in [
            (String::new(), KeyError::NoName),
            (":AAAA".into(), KeyError::Name),
            ("a b:AAAA".into(), KeyError::Name),
            (format!("{}:AAAA", "n".repeat(129)), KeyError::Name),
            ("name:***".into(), KeyError::Base64),
            (
                format!("name:{}", zeros(31)),
                KeyError::Length {
                    expected: 32,
                    found: 31,
                },
            ),
        ] {
            assert_eq!(PublicKey::parse(&text).unwrap_err(), error, "{text:?}");
        }
        let halves_differ = format!("name:{}", zeros(64));
        assert_eq!(
            SecretKey::parse(&halves_differ).unwrap_err(),
            KeyError::NotAKey
        );
    }
}
