//! The people whose word counts.
//!
//! An approval counts as long as the person who gave it is on the team, under the name that they
//! gave it under. When that ends it lapses: nothing goes out on it any more. What is out stays: a
//! lapse after a release is no decision about what is in it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::account::Refusal;
use crate::digest::Sha256;
use crate::id::{AccountId, Login};
use crate::time::Timestamp;

/// Somebody whom the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// By this login.
    pub login: Login,
    /// And, where it says so, as this account and no other one.
    pub id: Option<AccountId>,
}

/// The team: the people whom the configuration names, and those whom it named before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Team {
    members: BTreeMap<Login, Member>,
}

/// What is known of somebody who is, or was, on the team.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The account that the configuration gives.
    pub id: Option<AccountId>,
    /// The account at GitHub that signed in under the login, and has it. It has before it says
    /// anything, so that no release hangs on when it did.
    #[serde(skip)]
    pub account: Option<AccountId>,
    /// Since when the configuration does not name the login any more.
    pub left_at: Option<Timestamp>,
    /// Since when the account that signed in under the login has another one.
    pub renamed_at: Option<Timestamp>,
    /// What was said under the login by an account that it was taken from.
    pub unbound: Option<Unbinding>,
    /// Another account that wants to sign in under the login. Nothing is decided by it.
    #[serde(skip)]
    pub refused: Option<Refusal>,
}

/// That a login was taken from an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Unbinding {
    /// When.
    pub at: Timestamp,
    /// The place in the audit log up to which what was said under the login is that account's.
    pub entry: u64,
}

/// That what somebody said does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapse {
    /// Since when; `None` where that is not known: later than anything that is out.
    pub since: Option<Timestamp>,
    /// Why.
    pub why: LapseReason,
}

/// Why what somebody said does not count any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LapseReason {
    /// The configuration does not name them any more.
    Left,
    /// Their account goes by another name.
    Renamed,
    /// The login was taken from the account that said it.
    OtherAccount,
}

impl LapseReason {
    /// As the end of a sentence that begins with the login.
    pub fn text(self) -> &'static str {
        match self {
            Self::Left => "is no longer on the team",
            Self::Renamed => "goes by another name at GitHub now",
            Self::OtherAccount => "was another account when this was said",
        }
    }
}

impl Team {
    /// What is known of the login's holder.
    pub fn get(&self, login: &Login) -> Option<&Member> {
        self.members.get(login)
    }

    /// All who are on the team, or were.
    pub fn members(&self) -> impl Iterator<Item = (&Login, &Member)> {
        self.members.iter()
    }

    /// Whether somebody is on the team now, under this name.
    pub fn has(&self, login: &Login) -> bool {
        let member = self.get(login);
        member.is_some_and(|it| it.left_at.is_none() && it.renamed_at.is_none())
    }

    /// The account that goes by a login, where that is known.
    pub fn account(&self, login: &Login) -> Option<AccountId> {
        let member = self.get(login)?;
        member.account.or(member.id)
    }

    /// The account that said something under a login, at this place of the audit log, where that is
    /// known.
    pub(crate) fn account_at(&self, login: &Login, entry: u64) -> Option<AccountId> {
        let unbound = self.get(login)?.unbound;
        let is_of_earlier = unbound.is_some_and(|unbound| entry <= unbound.entry);
        self.account(login).filter(|_| !is_of_earlier)
    }

    /// Whether what was said under a login, at this place of the audit log, counts no more.
    pub fn lapse(&self, by: &Login, entry: u64) -> Option<Lapse> {
        match self.get(by) {
            Some(member) => member.lapse(entry),
            None => Some(Lapse {
                since: None,
                why: LapseReason::Left,
            }),
        }
    }

    /// The logins under which another account wants to sign in.
    pub fn refused(&self) -> impl Iterator<Item = (&Login, Refusal)> {
        let members = self.members();
        members.filter_map(|(login, member)| Some((login, member.refused?)))
    }

    /// The hash of whose word counts: a release is sealed only for the team that it was planned for.
    pub fn digest(&self) -> Sha256 {
        let json = serde_json::to_vec(self).expect("a login is a text, as keys must be");
        Sha256::of(&json)
    }
}

impl Member {
    /// The first thing that made what was said at this place count no more.
    fn lapse(&self, entry: u64) -> Option<Lapse> {
        let unbound = self.unbound.filter(|unbound| entry <= unbound.entry);
        let lapses = [
            (self.left_at, LapseReason::Left),
            (self.renamed_at, LapseReason::Renamed),
            (unbound.map(|it| it.at), LapseReason::OtherAccount),
        ];
        let lapses = lapses.into_iter().filter(|(since, _)| since.is_some());
        let first = lapses.min_by_key(|(since, _)| *since)?;
        let (since, why) = first;
        Some(Lapse { since, why })
    }
}

impl Lapse {
    /// Whether it was so already at a time.
    pub fn is_before(&self, at: Timestamp) -> bool {
        self.since.is_some_and(|since| since <= at)
    }
}

impl FromIterator<(Login, Member)> for Team {
    fn from_iter<I: IntoIterator<Item = (Login, Member)>>(members: I) -> Self {
        let members = members.into_iter().collect();
        Self { members }
    }
}

impl FromIterator<Login> for Team {
    /// People of whom no more is known than that they are on the team.
    fn from_iter<I: IntoIterator<Item = Login>>(members: I) -> Self {
        let members = members.into_iter();
        members.map(|login| (login, Member::default())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(name: &str) -> Login {
        Login::parse(name).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn team(member: Member) -> Team {
        let others = [(login("ada"), Member::default())];
        others
            .into_iter()
            .chain([(login("grace"), member)])
            .collect()
    }

    #[test]
    fn what_members_say_counts() {
        let team = team(Member::default());
        assert!(team.has(&login("Ada")));
        assert_eq!(team.lapse(&login("ada"), 1), None);
        assert!(!team.has(&login("mallory")));
        let lapse = team.lapse(&login("mallory"), 1).unwrap();
        assert_eq!((lapse.since, lapse.why), (None, LapseReason::Left));
    }

    #[test]
    fn what_people_said_who_left_or_go_by_another_name_lapses_with_the_first_of_it() {
        let gone = team(Member {
            left_at: Some(at(50)),
            renamed_at: Some(at(20)),
            ..Member::default()
        });
        assert!(!gone.has(&login("grace")));
        let lapse = gone.lapse(&login("grace"), 1).unwrap();
        assert_eq!(
            (lapse.since, lapse.why),
            (Some(at(20)), LapseReason::Renamed)
        );
        assert!(lapse.is_before(at(20)) && !lapse.is_before(at(19)));
    }

    #[test]
    fn what_an_earlier_account_said_lapses_and_what_the_present_one_says_counts() {
        let unbound = Some(Unbinding {
            at: at(30),
            entry: 7,
        });
        let team = team(Member {
            unbound,
            ..Member::default()
        });
        assert!(team.has(&login("grace")));
        let lapse = team.lapse(&login("grace"), 7).unwrap();
        assert_eq!(lapse.why, LapseReason::OtherAccount);
        assert_eq!(team.lapse(&login("grace"), 8), None);
    }

    #[test]
    fn what_was_said_before_a_login_was_unbound_is_of_an_account_that_is_not_known() {
        let unbound = Some(Unbinding {
            at: at(30),
            entry: 7,
        });
        let (of_grace, configured) = (Some(AccountId(42)), Some(AccountId(43)));
        let mut grace = Member {
            id: configured,
            account: of_grace,
            unbound,
            ..Member::default()
        };
        let bound = team(grace.clone());
        let at = |entry| bound.account_at(&login("grace"), entry);
        assert_eq!((at(7), at(8)), (None, of_grace));
        assert_eq!(bound.account(&login("grace")), of_grace);
        assert_eq!(bound.account(&login("ada")), None);
        grace.account = None;
        assert_eq!(team(grace).account(&login("grace")), configured);
    }

    #[test]
    fn the_digest_is_that_of_whose_word_counts() {
        let with = |change: fn(&mut Member)| {
            let mut member = Member::default();
            change(&mut member);
            team(member).digest()
        };
        let as_it_was = with(|_| ());
        assert_ne!(with(|it| it.left_at = Some(at(1))), as_it_was);
        assert_ne!(with(|it| it.renamed_at = Some(at(1))), as_it_was);
        let stranger = |it: &mut Member| {
            let identity = crate::Identity::GitHub(AccountId(77));
            it.refused = Some(Refusal {
                identity,
                at: at(1),
            });
        };
        assert_eq!(with(stranger), as_it_was, "a stranger stops no release");
        let signed_in = |it: &mut Member| it.account = Some(AccountId(41));
        assert_eq!(with(signed_in), as_it_was, "nor does a member who comes");
    }
}
