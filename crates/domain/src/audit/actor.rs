//! Who does what is in the audit log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Login;
use crate::invalid_id::InvalidId;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Actor {
    /// A person who signed in.
    Person(Login),
    /// Whoever runs the server, on its command line.
    Operator,
    /// Picket itself.
    Picket,
}

/// No GitHub login holds a colon, so nobody can sign in under these names.
const PICKET: &str = "picket:";
const OPERATOR: &str = "operator:";

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(login) => login.fmt(f),
            Self::Operator => f.write_str("Whoever runs Picket"),
            Self::Picket => f.write_str("Picket"),
        }
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> String {
        match actor {
            Actor::Person(login) => login.into(),
            Actor::Operator => OPERATOR.to_owned(),
            Actor::Picket => PICKET.to_owned(),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        match text.as_str() {
            PICKET => Ok(Self::Picket),
            OPERATOR => Ok(Self::Operator),
            login => Login::parse(login).map(Self::Person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_sign_in_as_picket_or_as_who_runs_it() {
        for (name, actor) in [(PICKET, Actor::Picket), (OPERATOR, Actor::Operator)] {
            assert!(Login::parse(name).is_err());
            assert_eq!(String::from(actor.clone()), name);
            assert_eq!(Actor::try_from(name.to_owned()), Ok(actor));
        }
    }
}
