//! Wrong passphrases: after some, no more are looked at for a while.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use picket_domain::{Login, Timestamp};

/// So many wrong ones for a name in a row are mistakes of typing.
const MOST: u32 = 10;
/// How long nothing is looked at then, in seconds.
const REST_SECONDS: i64 = 600;

/// How often each name was tried in vain.
#[derive(Debug, Default)]
pub struct Tries(Mutex<BTreeMap<Login, Tried>>);

#[derive(Debug, Clone, Copy)]
struct Tried {
    wrong: u32,
    last: Timestamp,
}

impl Tries {
    /// Whether a passphrase for this name is looked at now.
    pub(crate) fn may(&self, login: &Login, now: Timestamp) -> bool {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tries.get(login);
        tried.is_none_or(|it| it.wrong < MOST || now.seconds_since(it.last) >= REST_SECONDS)
    }

    /// A passphrase was wrong. `login` is a name that there is, so that no more are kept than there
    /// are people.
    pub(crate) fn was_wrong(&self, login: Login, now: Timestamp) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = tries.entry(login).or_insert(Tried {
            wrong: 0,
            last: now,
        });
        let is_rested = now.seconds_since(tried.last) >= REST_SECONDS;
        tried.wrong = if is_rested { 1 } else { tried.wrong + 1 };
        tried.last = now;
    }

    /// Somebody signed in.
    pub(crate) fn was_right(&self, login: &Login) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.remove(login);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_comes_to_an_end_and_typing_does_not() {
        let (tries, ada) = (Tries::default(), Login::parse("ada").unwrap());
        let at = |seconds| Timestamp::from_unix(1_000_000 + seconds);
        for second in 0..i64::from(MOST) {
            assert!(tries.may(&ada, at(second)));
            tries.was_wrong(ada.clone(), at(second));
        }
        let last = i64::from(MOST) - 1;
        assert!(!tries.may(&ada, at(last + REST_SECONDS - 1)));
        assert!(tries.may(&Login::parse("grace").unwrap(), at(last)));
        assert!(tries.may(&ada, at(last + REST_SECONDS)));
        tries.was_wrong(ada.clone(), at(last + REST_SECONDS));
        assert!(tries.may(&ada, at(last + REST_SECONDS)), "it counts anew");
        for _ in 0..MOST {
            tries.was_right(&ada);
            tries.was_wrong(ada.clone(), at(last + REST_SECONDS));
        }
        assert!(tries.may(&ada, at(last + REST_SECONDS)));
    }
}
