//! The accounts that people sign in with, and the names that they go by.
//!
//! A login is a name: at GitHub its holder can give it up, and somebody else can take it. What stays
//! with an account is its number. So a login is bound to the first account that signs in under it,
//! and no other one is let in under that name before somebody who runs the server says so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, Login};
use crate::invalid_id::InvalidId;
use crate::time::Timestamp;

/// What stays the same of somebody who signs in, whatever they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Identity {
    /// An account at GitHub.
    GitHub(AccountId),
    /// A passphrase of a demonstration's configuration. It stands beside the name there, so that
    /// the name is all there is to know somebody by.
    Passphrase,
}

const GITHUB: &str = "github:";
const PASSPHRASE: &str = "passphrase";

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GitHub(id) => write!(f, "{GITHUB}{id}"),
            Self::Passphrase => f.write_str(PASSPHRASE),
        }
    }
}

impl FromStr for Identity {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text == PASSPHRASE {
            return Ok(Self::Passphrase);
        }
        let id = text.strip_prefix(GITHUB).and_then(|id| id.parse().ok());
        id.map(Self::GitHub)
            .ok_or_else(|| InvalidId::new(text, "an account (github:NUMBER or passphrase)"))
    }
}

impl TryFrom<String> for Identity {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Identity> for String {
    fn from(identity: Identity) -> String {
        identity.to_string()
    }
}

/// A login, and the account behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login, as the configuration has it.
    pub login: Login,
    /// Whose it is; `None` where nobody has signed in under it since it was unbound.
    pub binding: Option<Binding>,
    /// When the account came under another name; `None` while it has this one.
    pub renamed_at: Option<Timestamp>,
    /// When the login was last taken from an account.
    pub unbound_at: Option<Timestamp>,
    /// The last try of another account to sign in under the login.
    pub refused: Option<Refusal>,
}

/// That a login is an account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The account.
    pub identity: Identity,
    /// When it first signed in under the login.
    pub bound_at: Timestamp,
    /// When it last did.
    pub last_sign_in_at: Timestamp,
}

/// That somebody else's account tried to sign in under a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// That account.
    pub identity: Identity,
    /// When it first tried.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_the_same_after_it_was_written_down() {
        for identity in [Identity::GitHub(AccountId(42)), Identity::Passphrase] {
            assert_eq!(identity.to_string().parse(), Ok(identity));
        }
        for bad in ["", "github:", "github:x", "github:-1", "Passphrase", "42"] {
            assert!(bad.parse::<Identity>().is_err(), "{bad:?}");
        }
    }
}
