//! The audit log: append-only, hash-chained, one entry after the other.
//!
//! The database refuses to change or remove entries, and to add one that does not continue the
//! last. Two processes that append at once take turns under the writers' lock.

use std::collections::BTreeSet;

use picket_domain::{
    Action, Actor, ChannelName, CommitSha, Entry, EntryHash, PrNumber, Timestamp, verify_chain,
};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::{TableRow, stored};

/// A query for entries.
macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT seq, at, actor, kind, channel, pr, action, previous, hash FROM audit_log ",
            $which
        )
    };
}

impl Store {
    /// Appends an entry.
    ///
    /// # Errors
    /// The database fails, or its last entry is not one that Picket wrote.
    pub async fn append(
        &self,
        at: Timestamp,
        actor: Actor,
        action: Action,
    ) -> Result<Entry, StoreError> {
        let mut transaction = self.begin_write().await?;
        let entry = append(&mut transaction, at, actor, action).await?;
        transaction.commit().await?;
        Ok(entry)
    }

    /// Appends that the stable channel has caught up with a pick, unless the log's last word is
    /// that. Returns the new entry.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn record_superseded(
        &self,
        at: Timestamp,
        channel: &ChannelName,
        pr: PrNumber,
        base: &CommitSha,
        lag_seconds: i64,
    ) -> Result<Option<Entry>, StoreError> {
        let action = Action::Superseded {
            channel: channel.clone(),
            pr,
            base: base.clone(),
            lag_seconds,
        };
        self.append_unless_said(at, channel, pr, action).await
    }

    /// Appends that the stable channel does not have a pick any more that it had, unless the log's
    /// last word is that. Returns the new entry.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn record_returned(
        &self,
        at: Timestamp,
        channel: &ChannelName,
        pr: PrNumber,
        base: &CommitSha,
    ) -> Result<Option<Entry>, StoreError> {
        let action = Action::Returned {
            channel: channel.clone(),
            pr,
            base: base.clone(),
        };
        self.append_unless_said(at, channel, pr, action).await
    }

    /// Appends one of the two actions that take turns, unless it was the last of them.
    async fn append_unless_said(
        &self,
        at: Timestamp,
        channel: &ChannelName,
        pr: PrNumber,
        action: Action,
    ) -> Result<Option<Entry>, StoreError> {
        let mut transaction = self.begin_write().await?;
        let last = sqlx::query(
            "SELECT seq, kind FROM audit_log WHERE channel = $1 AND pr = $2 \
             AND kind IN ('superseded', 'returned') ORDER BY seq DESC LIMIT 1",
        )
        .bind(channel.as_str())
        .bind(stored(pr.0)?)
        .fetch_optional(&mut *transaction)
        .await?;
        let last = last.map(|row| TableRow::new(&row, "audit_log", &["seq"]).text("kind"));
        if last.transpose()?.as_deref() == Some(action.name()) {
            return Ok(None);
        }
        let entry = append(&mut transaction, at, Actor::Picket, action).await?;
        transaction.commit().await?;
        Ok(Some(entry))
    }

    /// The entries that are about this channel, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn log_of_channel(&self, channel: &ChannelName) -> Result<Vec<Entry>, StoreError> {
        of_channel(&mut *self.connection().await?, channel, 0).await
    }

    /// The entries that are about this pull request, in whichever channel, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn log_of_pr(&self, pr: PrNumber) -> Result<Vec<Entry>, StoreError> {
        let mut connection = self.connection().await?;
        let rows = sqlx::query(entries!("WHERE pr = $1 ORDER BY seq"))
            .bind(stored(pr.0)?)
            .fetch_all(&mut *connection)
            .await?;
        rows.iter().map(decode).collect()
    }

    /// At most `limit` entries, newest first, from before the place `before` (`None`: from the
    /// newest on).
    ///
    /// # Errors
    /// The database fails.
    pub async fn log_page(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let before = before.map_or(Ok(i64::MAX), stored)?;
        page(&mut *self.connection().await?, before, limit).await
    }

    /// Checks the whole log and returns how many entries it has and the hash of the last one.
    ///
    /// Entries cut off the log's end go unnoticed: compare the hash with one noted elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Tampered`] or [`StoreError::Junk`] where the log is not as it was written.
    pub async fn whole_log_verified(&self) -> Result<(u64, EntryHash), StoreError> {
        let mut connection = self.connection().await?;
        let rows = sqlx::query(entries!("ORDER BY seq"))
            .fetch_all(&mut *connection)
            .await?;
        let entries = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let head = verify_chain(&entries)?;
        Ok((entries.len() as u64, head))
    }

    /// Whether the log has an entry of this hash.
    ///
    /// # Errors
    /// The database fails.
    pub async fn log_holds(&self, hash: EntryHash) -> Result<bool, StoreError> {
        let mut connection = self.connection().await?;
        let row = sqlx::query("SELECT seq FROM audit_log WHERE hash = $1")
            .bind(hash.to_string())
            .fetch_optional(&mut *connection)
            .await?;
        Ok(row.is_some())
    }

    /// The pull requests that somebody asked to watch.
    ///
    /// # Errors
    /// The database fails.
    pub async fn nominated(&self) -> Result<BTreeSet<PrNumber>, StoreError> {
        let mut connection = self.connection().await?;
        let rows = sqlx::query("SELECT seq, pr FROM audit_log WHERE kind = 'nominate'")
            .fetch_all(&mut *connection)
            .await?;
        rows.iter()
            .map(|row| {
                TableRow::new(row, "audit_log", &["seq"])
                    .number("pr")
                    .map(PrNumber)
            })
            .collect()
    }
}

/// The entries about a channel that come after this place in the log.
pub(crate) async fn of_channel(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    after: u64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(entries!("WHERE channel = $1 AND seq > $2 ORDER BY seq"))
        .bind(channel.as_str())
        .bind(stored(after)?)
        .fetch_all(connection)
        .await?;
    rows.iter().map(decode).collect()
}

/// What people decided about a channel's pull requests after a place in the log: the places, and
/// the pull requests.
pub(crate) async fn decided_since(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    read_to: u64,
) -> Result<Vec<(u64, PrNumber)>, StoreError> {
    let rows = sqlx::query(entries!(
        "WHERE channel = $1 AND seq > $2 AND pr IS NOT NULL ORDER BY seq"
    ))
    .bind(channel.as_str())
    .bind(stored(read_to)?)
    .fetch_all(connection)
    .await?;
    let entries = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    let by_people = entries
        .into_iter()
        .filter(|entry| entry.actor != Actor::Picket);
    let decided = by_people.filter_map(|entry| Some((entry.seq, entry.action.pr()?)));
    Ok(decided.collect())
}

/// Appends an entry in a transaction that does more than this.
pub(crate) async fn append(
    transaction: &mut WriteTransaction,
    at: Timestamp,
    actor: Actor,
    action: Action,
) -> Result<Entry, StoreError> {
    let last = page(transaction, i64::MAX, 1).await?.pop();
    let entry = Entry::after(last.as_ref(), at, actor, action);
    sqlx::query(
        "INSERT INTO audit_log (seq, at, actor, kind, channel, pr, action, previous, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(stored(entry.seq)?)
    .bind(entry.at.as_unix())
    .bind(String::from(entry.actor.clone()))
    .bind(entry.action.name())
    .bind(
        entry
            .action
            .channel()
            .map(|channel| channel.as_str().to_owned()),
    )
    .bind(entry.action.pr().map(|pr| stored(pr.0)).transpose()?)
    .bind(serde_json::to_string(&entry.action)?)
    .bind(entry.previous.to_string())
    .bind(entry.hash.to_string())
    .execute(&mut **transaction)
    .await?;
    Ok(entry)
}

async fn page(
    connection: &mut AnyConnection,
    before: i64,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(entries!("WHERE seq < $1 ORDER BY seq DESC LIMIT $2"))
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    rows.iter().map(decode).collect()
}

/// The hash does not cover the columns that entries are looked up by, nor how the action is
/// written down: they are compared with the action, which it does cover. Otherwise a veto could be
/// hidden by changing its row's channel.
fn decode(row: &AnyRow) -> Result<Entry, StoreError> {
    let row = TableRow::new(row, "audit_log", &["seq"]);
    let action: Action = row.json("action")?;
    let differs = |column| row.junk(column, &"it differs from the entry's action");
    if row.text("action")? != serde_json::to_string(&action)? {
        return Err(row.junk(
            "action",
            &"it holds more than, or is not written as, an action",
        ));
    }
    if row.text("kind")? != action.name() {
        return Err(differs("kind"));
    }
    if row.optional_parsed::<ChannelName>("channel")?.as_ref() != action.channel() {
        return Err(differs("channel"));
    }
    if row.optional_number("pr")?.map(PrNumber) != action.pr() {
        return Err(differs("pr"));
    }
    Ok(Entry {
        seq: row.number("seq")?,
        at: row.time("at")?,
        actor: row
            .text("actor")?
            .try_into()
            .map_err(|error| row.junk("actor", &error))?,
        action,
        previous: row.parsed("previous")?,
        hash: row.parsed("hash")?,
    })
}
