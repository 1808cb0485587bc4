//! Who is let in.

use crate::account::Identity;
use crate::team::Member;

/// Whether somebody who proved who they are is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// They are on the team, and the login is theirs.
    Admitted,
    /// The configuration does not name them.
    NotMember,
    /// The login is another account's: one that signed in under it before, or the one that the
    /// configuration gives the number of.
    OtherAccount,
}

impl Admission {
    /// Decides about an account that presents itself under a login; `member` is what the team knows
    /// of the login, and `bound` is whose it is so far.
    pub fn of(member: Option<&Member>, bound: Option<Identity>, presented: Identity) -> Self {
        let Some(member) = member.filter(|member| member.left_at.is_none()) else {
            return Self::NotMember;
        };
        let is_named = member.id.is_none_or(|id| presented == Identity::GitHub(id));
        let is_theirs = bound.is_none_or(|bound| bound == presented);
        match is_named && is_theirs {
            true => Self::Admitted,
            false => Self::OtherAccount,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::AccountId;
    use crate::time::Timestamp;

    const ADA: Identity = Identity::GitHub(AccountId(42));
    const MALLORY: Identity = Identity::GitHub(AccountId(77));

    #[test]
    fn a_login_is_its_first_accounts() {
        let member = Member::default();
        let of = |bound, presented| Admission::of(Some(&member), bound, presented);
        assert_eq!(of(None, ADA), Admission::Admitted);
        assert_eq!(of(Some(ADA), ADA), Admission::Admitted);
        assert_eq!(of(Some(ADA), MALLORY), Admission::OtherAccount);
        assert_eq!(of(Some(Identity::Passphrase), ADA), Admission::OtherAccount);
    }

    #[test]
    fn the_number_that_the_configuration_gives_is_the_right_one() {
        let member = Member {
            id: Some(AccountId(42)),
            ..Member::default()
        };
        let of = |bound, presented| Admission::of(Some(&member), bound, presented);
        assert_eq!(of(None, ADA), Admission::Admitted);
        assert_eq!(of(None, MALLORY), Admission::OtherAccount);
        assert_eq!(of(None, Identity::Passphrase), Admission::OtherAccount);
    }

    #[test]
    fn who_left_is_not_let_in() {
        let gone = Member {
            left_at: Some(Timestamp::from_unix(1)),
            ..Member::default()
        };
        assert_eq!(
            Admission::of(Some(&gone), Some(ADA), ADA),
            Admission::NotMember
        );
        assert_eq!(Admission::of(None, None, ADA), Admission::NotMember);
    }
}
