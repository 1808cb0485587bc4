//! Who is on the team.

use std::ops::Range;

use picket_domain::{AccountId, Login, Named};
use toml::Spanned;

use super::Checked;
use crate::config::error::Problem;
use crate::config::{SignIn, raw};

/// A login that stands there twice is there once, as long as both say the same.
pub(super) fn team(raw: &raw::Team, sign_in: &SignIn) -> Checked<Vec<Named>> {
    let mut team: Vec<Named> = Vec::new();
    for member in raw.members.as_ref() {
        let one = named(member, sign_in)?;
        if !team.contains(&one) {
            distinct(&team, &one, member.span())?;
            team.push(one);
        }
    }
    Ok(team)
}

fn named(member: &Spanned<raw::Member>, sign_in: &SignIn) -> Checked<Named> {
    let (login, id) = match member.as_ref() {
        raw::Member::Login(login) => (login, None),
        raw::Member::Account(account) => (&account.login, Some(account.id)),
    };
    let login = Login::parse(login)
        .map_err(|error| Problem::new(member.span(), error.to_string(), "write a GitHub login"))?;
    let id = id
        .map(|id| account(id, member.span(), sign_in))
        .transpose()?;
    Ok(Named { login, id })
}

fn account(id: u64, span: Range<usize>, sign_in: &SignIn) -> Checked<AccountId> {
    let refuse = |problem: String, remedy: &str| Err(Problem::new(span, problem, remedy));
    match sign_in {
        SignIn::Demo(_) => refuse(
            format!("{id} would be an account at GitHub, and people sign in by passphrase here"),
            "write the name alone, or use [web.github_oauth]",
        ),
        SignIn::GitHub { .. } if id == 0 || i64::try_from(id).is_err() => refuse(
            format!("{id} is no number of an account"),
            "write the `id` that https://api.github.com/users/LOGIN tells",
        ),
        SignIn::GitHub { .. } => Ok(AccountId(id)),
    }
}

/// One login is one account's, and one account is one member, who approves once.
fn distinct(team: &[Named], one: &Named, span: Range<usize>) -> Checked<()> {
    let remedy = "name everybody once";
    if team.iter().any(|it| it.login == one.login) {
        let problem = format!(
            "{} stands here twice, with and without a number or with two",
            one.login
        );
        return Err(Problem::new(span, problem, remedy));
    }
    let same = team.iter().find(|it| it.id.is_some() && it.id == one.id);
    match same {
        Some(other) => {
            let problem = format!("{} and {} have the same account", other.login, one.login);
            Err(Problem::new(span, problem, remedy))
        }
        None => Ok(()),
    }
}
