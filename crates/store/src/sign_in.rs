//! Signing in.
//!
//! The races, and the answer to each: two accounts that sign in under one login at once take turns
//! under the writers' lock, so that one is bound and the other is refused; a login that is unbound
//! while its holder signs in is theirs or nobody's, and their session is good in the first case
//! alone, since it is looked up together with the binding.

use picket_domain::{Account, AccountEvent, Actor, Admission, Identity, Login, Timestamp};
use sqlx::AnyConnection;

use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::sessions::{self, SessionToken};
use crate::{accounts, audit, team};

/// What came of signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum SignedIn {
    /// They are in, by this session.
    Welcome(SessionToken),
    /// They are not on the team.
    NotMember,
    /// The login is another account's. The team is told of the try.
    OtherAccount,
}

impl Store {
    /// Lets somebody in who has proved who they are, for `lifetime_seconds`, or does not. The first
    /// account that signs in under a login of the team is bound to it. Whoever comes under another
    /// login than before has given up that one, whether they are let in or not.
    ///
    /// # Errors
    /// The database fails, or the system has no random bytes.
    pub async fn sign_in(
        &self,
        login: &Login,
        identity: Identity,
        now: Timestamp,
        lifetime_seconds: i64,
    ) -> Result<SignedIn, StoreError> {
        let mut transaction = self.begin_write().await?;
        accounts::note_rename(&mut transaction, login, identity, now).await?;
        let team = team::read(&mut transaction).await?;
        let account = accounts::find(&mut transaction, login).await?;
        let bound = account.as_ref().and_then(|it| it.binding);
        let bound = bound.map(|binding| binding.identity);
        let signed_in = match Admission::of(team.get(login), bound, identity) {
            Admission::NotMember => SignedIn::NotMember,
            Admission::OtherAccount => {
                refuse(&mut transaction, login, account, identity, now).await?;
                SignedIn::OtherAccount
            }
            Admission::Admitted => {
                bind(&mut transaction, login, identity, now).await?;
                let until = now.plus_seconds(lifetime_seconds);
                let of = (login, identity);
                SignedIn::Welcome(sessions::create(&mut transaction, of, now, until).await?)
            }
        };
        transaction.commit().await?;
        Ok(signed_in)
    }
}

/// Keeps in mind that another account wanted to sign in. It may try as often as it likes: the log
/// has the first try alone.
async fn refuse(
    transaction: &mut WriteTransaction,
    login: &Login,
    account: Option<Account>,
    identity: Identity,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = account.and_then(|account| account.refused);
    if known.is_some_and(|refusal| refusal.identity == identity) {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO accounts (login, refused, refused_at) VALUES ($1, $2, $3) \
         ON CONFLICT (login) DO UPDATE SET refused = excluded.refused, \
         refused_at = excluded.refused_at",
    )
    .bind(login.as_str())
    .bind(identity.to_string())
    .bind(now.as_unix())
    .execute(&mut **transaction)
    .await?;
    let event = AccountEvent::Refused { identity };
    audit::append(
        transaction,
        now,
        Actor::Picket,
        accounts::about(login, event),
    )
    .await?;
    Ok(())
}

/// The login is the account's, since now or since earlier; whoever else wanted it has not got it.
async fn bind(
    connection: &mut AnyConnection,
    login: &Login,
    identity: Identity,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO accounts (login, identity, bound_at, last_sign_in_at) \
         VALUES ($1, $2, $3, $3) ON CONFLICT (login) DO UPDATE SET identity = excluded.identity, \
         bound_at = coalesce(accounts.bound_at, excluded.bound_at), \
         last_sign_in_at = excluded.last_sign_in_at, renamed_at = NULL, refused = NULL, \
         refused_at = NULL",
    )
    .bind(login.as_str())
    .bind(identity.to_string())
    .bind(now.as_unix())
    .execute(connection)
    .await?;
    Ok(())
}
