//! The demonstration's own sign-in.

use picket_domain::Login;
use subtle::ConstantTimeEq;

/// Somebody who may sign in to a demonstration.
#[derive(Clone)]
pub struct DemoPerson {
    /// The name.
    pub login: Login,
    /// The passphrase; random, and new at every start.
    pub passphrase: String,
}

/// The person with this name and passphrase.
pub(crate) fn who<'a>(
    people: &'a [DemoPerson],
    name: &str,
    passphrase: &str,
) -> Option<&'a DemoPerson> {
    let login = Login::parse(name.trim()).ok()?;
    let given = passphrase.trim().as_bytes();
    people
        .iter()
        .filter(|person| person.login == login)
        .find(|person| person.passphrase.as_bytes().ct_eq(given).into())
}
