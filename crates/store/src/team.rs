//! Who is on the team, as the configuration says and as the accounts are.

use std::collections::BTreeSet;

use picket_domain::{AccountId, Actor, Identity, Login, Member, Named, Team, Timestamp, Unbinding};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::accounts;
use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::{TableRow, stored};

impl Store {
    /// Says whom the configuration names. Whoever was named before, and is not any more, has left.
    /// Where it gives the number of an account, and the login is another one's so far, it is taken
    /// from that.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_team(&self, named: &[Named], now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        let known = read(&mut transaction).await?;
        for one in named {
            let member = known.get(&one.login);
            if member.is_none_or(|it| it.id != one.id || it.left_at.is_some()) {
                put(&mut transaction, one).await?;
            }
            take_from_others(&mut transaction, one, now).await?;
        }
        let named: BTreeSet<_> = named.iter().map(|one| &one.login).collect();
        let gone = known.members();
        let gone = gone.filter(|(login, it)| it.left_at.is_none() && !named.contains(login));
        for (login, _) in gone {
            sqlx::query("UPDATE members SET left_at = $2 WHERE login = $1")
                .bind(login.as_str())
                .bind(now.as_unix())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }
}

async fn put(connection: &mut AnyConnection, one: &Named) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO members (login, github_id, left_at) VALUES ($1, $2, NULL) \
         ON CONFLICT (login) DO UPDATE SET github_id = excluded.github_id, left_at = NULL",
    )
    .bind(one.login.as_str())
    .bind(one.id.map(|id| stored(id.0)).transpose()?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn take_from_others(
    transaction: &mut WriteTransaction,
    one: &Named,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(id) = one.id else {
        return Ok(());
    };
    let account = accounts::find(transaction, &one.login).await?;
    let bound = account.and_then(|account| account.binding);
    if bound.is_some_and(|bound| bound.identity != Identity::GitHub(id)) {
        accounts::release(transaction, &one.login, Actor::Picket, now).await?;
    }
    Ok(())
}

/// The team at this moment.
pub(crate) async fn read(connection: &mut AnyConnection) -> Result<Team, StoreError> {
    let rows = sqlx::query(
        "SELECT members.login AS login, github_id, identity, left_at, renamed_at, unbound_at, \
         unbound_entry, refused, refused_at \
         FROM members LEFT JOIN accounts ON accounts.login = members.login",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(decode).collect()
}

fn decode(row: &AnyRow) -> Result<(Login, Member), StoreError> {
    let row = TableRow::new(row, "members", &["login"]);
    let unbound = (
        row.optional_time("unbound_at")?,
        row.optional_number("unbound_entry")?,
    );
    let unbound = match unbound {
        (None, None) => None,
        (Some(at), Some(entry)) => Some(Unbinding { at, entry }),
        (None, Some(_)) => return Err(row.junk("unbound_at", &"it was unbound never")),
        (Some(_), None) => return Err(row.junk("unbound_entry", &"no entry says so")),
    };
    let account = match row.optional_parsed("identity")? {
        Some(Identity::GitHub(id)) => Some(id),
        Some(Identity::Passphrase) | None => None,
    };
    let member = Member {
        id: row.optional_number("github_id")?.map(AccountId),
        account,
        left_at: row.optional_time("left_at")?,
        renamed_at: row.optional_time("renamed_at")?,
        unbound,
        refused: accounts::refusal(&row)?,
    };
    Ok((row.parsed("login")?, member))
}
