//! Releases, and the only ways from one of their states to another.

use picket_domain::{
    Action, Actor, ChannelName, PrNumber, Release, ReleaseSeq, ReleaseState, ReleasedPick, Sha256,
    Timestamp,
};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::{TableRow, stored, without_nul};
use crate::version::NOTHING;
use crate::{audit, rules, team};

/// A query for releases.
macro_rules! releases {
    ($which:literal) => {
        concat!(
            "SELECT channel, seq, name, base, tip, rev, picks, reserved_at, sealed_at, \
             published_at, abandoned_at, abandon_reason FROM releases ",
            $which
        )
    };
}

/// What the decision to release stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grounds {
    /// The place in the audit log up to which decisions were read.
    pub read_to: u64,
    /// The digest of the channel's rules; see [`Store::set_rules`].
    pub rules: Sha256,
    /// The digest of the team; see [`Team::digest`](picket_domain::Team::digest).
    pub team: Sha256,
}

/// What came of sealing a release.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Sealing {
    /// It is sealed, now or since earlier.
    Sealed(Box<Release>),
    /// Somebody decided about one of its picks meanwhile. Plan again.
    Decided {
        /// Which.
        pr: PrNumber,
    },
    /// Somebody has left the team meanwhile, or come to it, or has another name. Plan again.
    OtherTeam,
    /// Another process has given the channel other rules. This one must not release any more.
    OtherRules,
}

impl Store {
    /// Takes a release's number and name, as [`ReleaseState::Reserved`] whatever state it says,
    /// and returns it as it is stored. If it was reserved before, nothing changes.
    ///
    /// # Errors
    /// [`StoreError::ReleaseTaken`] where another release has its number or name.
    pub async fn reserve(&self, release: &Release) -> Result<Release, StoreError> {
        let mut transaction = self.begin_write().await?;
        let stored = match in_the_way(&mut transaction, release).await? {
            None => {
                insert(&mut transaction, release).await?;
                find(&mut transaction, &release.channel, release.seq).await?
            }
            Some(other) if same_content(&other, release) => other,
            Some(other) => {
                return Err(StoreError::ReleaseTaken {
                    wanted: release.name.clone(),
                    taken_by: other.name,
                });
            }
        };
        transaction.commit().await?;
        Ok(stored)
    }

    /// Records that all of a release was checked and that nothing stops it any more, unless the
    /// grounds for it are gone: somebody decided about one of its picks since, the team is another
    /// one, or the channel has other rules. A release that is sealed or published already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::ReleaseState`] where it was abandoned, [`StoreError::NoRelease`].
    pub async fn seal(
        &self,
        channel: &ChannelName,
        seq: ReleaseSeq,
        at: Timestamp,
        grounds: &Grounds,
    ) -> Result<Sealing, StoreError> {
        let mut transaction = self.begin_write().await?;
        let release = find(&mut transaction, channel, seq).await?;
        match release.state {
            ReleaseState::Reserved => {}
            ReleaseState::Sealed { .. } | ReleaseState::Published { .. } => {
                return Ok(Sealing::Sealed(Box::new(release)));
            }
            ReleaseState::Abandoned { .. } => return Err(cannot_be("sealed", release)),
        }
        if rules::current(&mut transaction, channel).await? != Some(grounds.rules) {
            return Ok(Sealing::OtherRules);
        }
        if team::read(&mut transaction).await?.digest() != grounds.team {
            return Ok(Sealing::OtherTeam);
        }
        let later = audit::decided_since(&mut transaction, channel, grounds.read_to).await?;
        let is_about = |pick: &ReleasedPick| later.iter().any(|(_, pr)| *pr == pick.pr);
        if let Some(pick) = release.picks.iter().find(|pick| is_about(pick)) {
            return Ok(Sealing::Decided { pr: pick.pr });
        }
        let state = ReleaseState::Sealed { at };
        let sealed = set_state(transaction, Release { state, ..release }).await?;
        Ok(Sealing::Sealed(Box::new(sealed)))
    }

    /// Records that clients get a sealed release, in its row and, with its picks, in the audit log:
    /// both or neither. A release that is published already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::ReleaseState`] where it is not sealed, [`StoreError::NoRelease`].
    pub async fn publish(
        &self,
        channel: &ChannelName,
        seq: ReleaseSeq,
        at: Timestamp,
    ) -> Result<Release, StoreError> {
        let mut transaction = self.begin_write().await?;
        let release = find(&mut transaction, channel, seq).await?;
        match release.state {
            ReleaseState::Sealed { .. } => {
                audit::append(&mut transaction, at, Actor::Picket, released(&release)).await?;
                let state = ReleaseState::Published { at };
                set_state(transaction, Release { state, ..release }).await
            }
            ReleaseState::Published { .. } => Ok(release),
            ReleaseState::Reserved | ReleaseState::Abandoned { .. } => {
                Err(cannot_be("published", release))
            }
        }
    }

    /// Gives up a release that clients were never led to. One that is abandoned already stays as it
    /// is.
    ///
    /// # Errors
    /// [`StoreError::ReleaseState`] where it is published, [`StoreError::NoRelease`].
    pub async fn abandon(
        &self,
        channel: &ChannelName,
        seq: ReleaseSeq,
        at: Timestamp,
        reason: &str,
    ) -> Result<Release, StoreError> {
        let mut transaction = self.begin_write().await?;
        let release = find(&mut transaction, channel, seq).await?;
        match release.state {
            ReleaseState::Reserved | ReleaseState::Sealed { .. } => {
                let reason = without_nul(reason);
                let state = ReleaseState::Abandoned { at, reason };
                set_state(transaction, Release { state, ..release }).await
            }
            ReleaseState::Abandoned { .. } => Ok(release),
            ReleaseState::Published { .. } => Err(cannot_be("abandoned", release)),
        }
    }

    /// The channel's releases, by sequence number.
    ///
    /// # Errors
    /// The database fails.
    pub async fn releases(&self, channel: &ChannelName) -> Result<Vec<Release>, StoreError> {
        changed(&mut *self.connection().await?, channel, NOTHING).await
    }
}

/// The releases that changed after a version.
pub(crate) async fn changed(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    since: i64,
) -> Result<Vec<Release>, StoreError> {
    let rows = sqlx::query(releases!(
        "WHERE channel = $1 AND version > $2 ORDER BY seq"
    ))
    .bind(channel.as_str())
    .bind(since)
    .fetch_all(connection)
    .await?;
    rows.iter().map(decode).collect()
}

async fn find(
    connection: &mut AnyConnection,
    channel: &ChannelName,
    seq: ReleaseSeq,
) -> Result<Release, StoreError> {
    let row = sqlx::query(releases!("WHERE channel = $1 AND seq = $2"))
        .bind(channel.as_str())
        .bind(stored(seq.0)?)
        .fetch_optional(connection)
        .await?;
    let channel = channel.clone();
    row.as_ref()
        .map_or(Err(StoreError::NoRelease { channel, seq }), decode)
}

/// The release that has this one's number or name: itself, if it was reserved before.
async fn in_the_way(
    connection: &mut AnyConnection,
    release: &Release,
) -> Result<Option<Release>, StoreError> {
    let row = sqlx::query(releases!(
        "WHERE (channel = $1 AND seq = $2) OR name = $3 \
         ORDER BY name = $3 LIMIT 1"
    ))
    .bind(release.channel.as_str())
    .bind(stored(release.seq.0)?)
    .bind(release.name.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(decode).transpose()
}

/// Whether two releases are the same one, at whichever time and however far.
fn same_content(one: &Release, other: &Release) -> bool {
    let content = |release: &Release| Release {
        reserved_at: Timestamp::from_unix(0),
        state: ReleaseState::Reserved,
        ..release.clone()
    };
    content(one) == content(other)
}

async fn insert(connection: &mut AnyConnection, release: &Release) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO releases (channel, seq, name, base, tip, rev, picks, reserved_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(release.channel.as_str())
    .bind(stored(release.seq.0)?)
    .bind(release.name.as_str())
    .bind(serde_json::to_string(&release.base)?)
    .bind(release.tip.as_str())
    .bind(release.rev.as_str())
    .bind(serde_json::to_string(&release.picks)?)
    .bind(release.reserved_at.as_unix())
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores the release's state and ends the transaction. A time once stored stays: that of sealing
/// is still there when the release is published.
async fn set_state(
    mut transaction: WriteTransaction,
    release: Release,
) -> Result<Release, StoreError> {
    let (sealed_at, published_at, abandoned_at, reason) = match &release.state {
        ReleaseState::Reserved => (None, None, None, None),
        ReleaseState::Sealed { at } => (Some(at), None, None, None),
        ReleaseState::Published { at } => (None, Some(at), None, None),
        ReleaseState::Abandoned { at, reason } => (None, None, Some(at), Some(reason.clone())),
    };
    sqlx::query(
        "UPDATE releases SET sealed_at = coalesce(sealed_at, $3), published_at = $4, \
         abandoned_at = $5, abandon_reason = $6 WHERE channel = $1 AND seq = $2",
    )
    .bind(release.channel.as_str())
    .bind(stored(release.seq.0)?)
    .bind(sealed_at.map(|at| at.as_unix()))
    .bind(published_at.map(|at| at.as_unix()))
    .bind(abandoned_at.map(|at| at.as_unix()))
    .bind(reason)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(release)
}

fn released(release: &Release) -> Action {
    Action::Released {
        channel: release.channel.clone(),
        seq: release.seq,
        name: release.name.clone(),
        rev: release.rev.clone(),
        picks: release.picks.iter().map(|pick| pick.pr).collect(),
    }
}

fn cannot_be(wanted: &'static str, release: Release) -> StoreError {
    let state = match release.state {
        ReleaseState::Reserved => "only reserved",
        ReleaseState::Sealed { .. } => "sealed",
        ReleaseState::Published { .. } => "published",
        ReleaseState::Abandoned { .. } => "abandoned",
    };
    StoreError::ReleaseState {
        release: release.name,
        wanted,
        state,
    }
}

fn decode(row: &AnyRow) -> Result<Release, StoreError> {
    let row = TableRow::new(row, "releases", &["channel", "seq"]);
    Ok(Release {
        channel: row.parsed("channel")?,
        seq: ReleaseSeq(row.number("seq")?),
        name: row.parsed("name")?,
        base: row.json("base")?,
        tip: row.parsed("tip")?,
        rev: row.parsed("rev")?,
        picks: row.json("picks")?,
        reserved_at: row.time("reserved_at")?,
        state: decode_state(&row)?,
    })
}

fn decode_state(row: &TableRow<'_>) -> Result<ReleaseState, StoreError> {
    let times = (
        row.optional_time("sealed_at")?,
        row.optional_time("published_at")?,
        row.optional_time("abandoned_at")?,
        row.optional_text("abandon_reason")?,
    );
    match times {
        (None, None, None, None) => Ok(ReleaseState::Reserved),
        (Some(at), None, None, None) => Ok(ReleaseState::Sealed { at }),
        (Some(_), Some(at), None, None) => Ok(ReleaseState::Published { at }),
        (_, None, Some(at), Some(reason)) => Ok(ReleaseState::Abandoned { at, reason }),
        (_, Some(_), Some(_), _) => {
            Err(row.junk("abandoned_at", &"it is published and abandoned at once"))
        }
        (None, Some(_), _, _) => Err(row.junk("published_at", &"it was never sealed")),
        (_, _, Some(_), None) => Err(row.junk("abandon_reason", &"it is abandoned for no reason")),
        (_, _, None, Some(_)) => Err(row.junk("abandon_reason", &"it is not abandoned")),
    }
}
