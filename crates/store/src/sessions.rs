//! Who is signed in. The database knows only hashes of the tokens, so that a copy of it opens no
//! session.
//!
//! Looking a session up by its token's hash is not done in constant time, and need not be: what the
//! database compares are SHA-256 digests, and nobody can steer those towards a stored one.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use picket_domain::{Identity, Login, Sha256, Timestamp};
use rand::TryRng;
use rand::rngs::SysRng;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use subtle::ConstantTimeEq;

use crate::database::Store;
use crate::error::StoreError;
use crate::row::TableRow;

const TOKEN_BYTES: usize = 32;
/// 32 bytes in base64url, without padding.
const TOKEN_LEN: usize = 43;

/// The secret that a signed-in browser holds: 256 random bits in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// Takes a cookie's value; `None` if it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token = text.len() == TOKEN_LEN
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        is_token.then(|| Self(text.to_owned()))
    }

    /// The secret, for the cookie. It belongs nowhere else, logs included.
    pub fn secret(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Sha256 {
        Sha256::of(self.0.as_bytes())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// What a session's forms carry, so that no other site can send them: 256 random bits in base64url.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// The value for a form's hidden field.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a form carries this token. Takes the same time wherever they differ.
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Display for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

/// A session that has not expired, of somebody who is on the team.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who signed in.
    pub login: Login,
    /// What the session's forms must carry.
    pub csrf: CsrfToken,
}

impl Store {
    /// The token's session; `None` if there is none, if it has expired, or if its account has left
    /// the team or goes by another login than the one that it signed in under.
    ///
    /// # Errors
    /// The database fails.
    pub async fn session(
        &self,
        token: &SessionToken,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query(
            "SELECT token_hash, sessions.login AS login, csrf FROM sessions \
             JOIN accounts ON accounts.login = sessions.login \
             AND accounts.identity = sessions.identity \
             JOIN members ON members.login = sessions.login \
             WHERE token_hash = $1 AND expires_at > $2 \
             AND renamed_at IS NULL AND left_at IS NULL",
        )
        .bind(token.hash().to_string())
        .bind(now.as_unix())
        .fetch_optional(&mut *connection)
        .await?;
        row.as_ref().map(decode).transpose()
    }

    /// Ends a session. Ending one that does not exist is no error.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_session(&self, token: &SessionToken) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
            .bind(token.hash().to_string())
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

/// Starts a session of an account, and forgets those that have expired.
pub(crate) async fn create(
    connection: &mut AnyConnection,
    (login, identity): (&Login, Identity),
    now: Timestamp,
    until: Timestamp,
) -> Result<SessionToken, StoreError> {
    let token = SessionToken(random_token()?);
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now.as_unix())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO sessions (token_hash, login, identity, csrf, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token.hash().to_string())
    .bind(login.as_str())
    .bind(identity.to_string())
    .bind(random_token()?)
    .bind(until.as_unix())
    .execute(connection)
    .await?;
    Ok(token)
}

fn decode(row: &AnyRow) -> Result<Session, StoreError> {
    let row = TableRow::new(row, "sessions", &["token_hash"]);
    Ok(Session {
        login: row.parsed("login")?,
        csrf: CsrfToken(row.text("csrf")?),
    })
}

fn random_token() -> Result<String, StoreError> {
    let mut bytes = [0; TOKEN_BYTES];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(StoreError::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
