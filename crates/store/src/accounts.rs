//! The accounts behind the team's logins.

use picket_domain::{
    Account, AccountEvent, AccountId, Action, Actor, Binding, Identity, Login, Refusal, Timestamp,
};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::audit;
use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::{TableRow, stored};

/// A query for accounts.
macro_rules! accounts {
    ($which:literal) => {
        concat!(
            "SELECT login, identity, bound_at, last_sign_in_at, renamed_at, unbound_at, refused, \
             refused_at FROM accounts ",
            $which
        )
    };
}

impl Store {
    /// The accounts behind the team's logins, by login.
    ///
    /// # Errors
    /// The database fails.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut connection = self.connection().await?;
        let rows = sqlx::query(accounts!("ORDER BY login"))
            .fetch_all(&mut *connection)
            .await?;
        rows.iter().map(decode).collect()
    }

    /// Takes notice of an account at GitHub that was seen under a login elsewhere than signing in: one
    /// that has signed in under another one has given up that. A login that it had before is no news:
    /// what shows it may lag behind, and an account that took it back says so at its next sign-in.
    ///
    /// # Errors
    /// The database fails.
    pub async fn saw_account(
        &self,
        login: &Login,
        id: AccountId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let identity = Identity::GitHub(id);
        let mut its = self.accounts().await?;
        its.retain(|it| {
            it.binding
                .is_some_and(|binding| binding.identity == identity)
        });
        let has_another = its.iter().any(|it| it.renamed_at.is_none());
        if !has_another || its.iter().any(|it| it.login == *login) {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        note_rename(&mut transaction, login, identity, now).await?;
        transaction.commit().await
    }

    /// Takes a login from its account, on behalf of whoever runs the server, and returns the
    /// account; `None` where it is nobody's. Its sessions end, what it said counts no more for what
    /// is not out yet, and the next account that signs in keeps the login.
    ///
    /// # Errors
    /// The database fails.
    pub async fn unbind(
        &self,
        login: &Login,
        now: Timestamp,
    ) -> Result<Option<Identity>, StoreError> {
        let mut transaction = self.begin_write().await?;
        let identity = release(&mut transaction, login, Actor::Operator, now).await?;
        transaction.commit().await?;
        Ok(identity)
    }
}

/// An account that comes under another login than before has given up that one.
pub(crate) async fn note_rename(
    transaction: &mut WriteTransaction,
    to: &Login,
    identity: Identity,
    now: Timestamp,
) -> Result<(), StoreError> {
    match identity {
        Identity::GitHub(_) => {}
        // All who have a passphrase are alike in this: nothing but their names tells them apart.
        Identity::Passphrase => return Ok(()),
    }
    let rows = sqlx::query(
        "SELECT login FROM accounts WHERE identity = $1 AND login <> $2 AND renamed_at IS NULL",
    )
    .bind(identity.to_string())
    .bind(to.as_str())
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let login: Login = TableRow::new(row, "accounts", &["login"]).parsed("login")?;
        sqlx::query("UPDATE accounts SET renamed_at = $2 WHERE login = $1")
            .bind(login.as_str())
            .bind(now.as_unix())
            .execute(&mut **transaction)
            .await?;
        let event = AccountEvent::Renamed { to: to.clone() };
        audit::append(transaction, now, Actor::Picket, about(&login, event)).await?;
    }
    Ok(())
}

/// Takes a login from its account, in a transaction that does more than this.
pub(crate) async fn release(
    transaction: &mut WriteTransaction,
    login: &Login,
    by: Actor,
    now: Timestamp,
) -> Result<Option<Identity>, StoreError> {
    let account = find(transaction, login).await?;
    let Some(Binding { identity, .. }) = account.and_then(|it| it.binding) else {
        return Ok(None);
    };
    let event = AccountEvent::Unbound { identity };
    let entry = audit::append(transaction, now, by, about(login, event)).await?;
    sqlx::query(
        "UPDATE accounts SET identity = NULL, bound_at = NULL, last_sign_in_at = NULL, \
         renamed_at = NULL, refused = NULL, refused_at = NULL, unbound_at = $2, \
         unbound_entry = $3 WHERE login = $1",
    )
    .bind(login.as_str())
    .bind(now.as_unix())
    .bind(stored(entry.seq)?)
    .execute(&mut **transaction)
    .await?;
    Ok(Some(identity))
}

/// The account behind a login, where anything is known of it.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    login: &Login,
) -> Result<Option<Account>, StoreError> {
    let row = sqlx::query(accounts!("WHERE login = $1"))
        .bind(login.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(decode).transpose()
}

/// That something came out about an account, for the audit log.
pub(crate) fn about(login: &Login, event: AccountEvent) -> Action {
    Action::Account {
        login: login.clone(),
        event,
    }
}

fn decode(row: &AnyRow) -> Result<Account, StoreError> {
    let row = TableRow::new(row, "accounts", &["login"]);
    Ok(Account {
        login: row.parsed("login")?,
        binding: binding(&row)?,
        renamed_at: row.optional_time("renamed_at")?,
        unbound_at: row.optional_time("unbound_at")?,
        refused: refusal(&row)?,
    })
}

fn binding(row: &TableRow<'_>) -> Result<Option<Binding>, StoreError> {
    let identity = row.optional_parsed("identity")?;
    let times = row
        .optional_time("bound_at")?
        .zip(row.optional_time("last_sign_in_at")?);
    match (identity, times) {
        (None, None) => Ok(None),
        (Some(identity), Some((bound_at, last_sign_in_at))) => Ok(Some(Binding {
            identity,
            bound_at,
            last_sign_in_at,
        })),
        (None, Some(_)) => Err(row.junk("identity", &"it is bound to nobody")),
        (Some(_), None) => Err(row.junk("bound_at", &"it is bound since never")),
    }
}

/// Who else wanted the login, where the row says so.
pub(crate) fn refusal(row: &TableRow<'_>) -> Result<Option<Refusal>, StoreError> {
    let refused = (
        row.optional_parsed("refused")?,
        row.optional_time("refused_at")?,
    );
    match refused {
        (None, None) => Ok(None),
        (Some(identity), Some(at)) => Ok(Some(Refusal { identity, at })),
        (None, Some(_)) => Err(row.junk("refused", &"nobody was refused then")),
        (Some(_), None) => Err(row.junk("refused_at", &"it was refused never")),
    }
}
