//! The demonstration's own sign-in.

use picket_domain::{Identity, Login};
use subtle::ConstantTimeEq;

use super::Proven;

/// Somebody who may sign in to a demonstration.
#[derive(Clone)]
pub struct DemoPerson {
    /// The name.
    pub login: Login,
    /// The passphrase; random, and new at every start.
    pub passphrase: String,
}

/// The person with this name and passphrase.
pub(crate) fn who(people: &[DemoPerson], name: &str, passphrase: &str) -> Option<Proven> {
    let login = Login::parse(name.trim()).ok()?;
    let given = passphrase.trim().as_bytes();
    let mut people = people.iter().filter(|person| person.login == login);
    let is_theirs = people.any(|person| person.passphrase.as_bytes().ct_eq(given).into());
    is_theirs.then_some(Proven {
        login,
        identity: Identity::Passphrase,
    })
}
