//! What people wrote, the files that they made of conflicts and the texts of forms, under the hash of
//! its bytes.
//!
//! The audit log's entries name them, so that they come into the database with their entry or not
//! at all, and are checked against their hash on the way in and out.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{Action, Actor, ContentId, Entry, Sha256, Timestamp};
use sqlx::AnyConnection;

use crate::audit::append;
use crate::database::{Store, WriteTransaction};
use crate::error::StoreError;
use crate::row::TableRow;

impl Store {
    /// Appends an entry that names contents, together with those, or nothing.
    ///
    /// # Errors
    /// A content is not of the hash that it is given under, the entry names one that is neither
    /// given nor stored already, or as [`Store::append`].
    pub async fn append_with_contents(
        &self,
        at: Timestamp,
        actor: Actor,
        action: Action,
        contents: &BTreeMap<ContentId, Vec<u8>>,
    ) -> Result<Entry, StoreError> {
        let mut transaction = self.begin_write().await?;
        for (id, bytes) in contents {
            put(&mut transaction, id, bytes).await?;
        }
        for id in named_by(&action) {
            if content(&mut transaction, id).await?.is_none() {
                return Err(StoreError::NoContent(id.clone()));
            }
        }
        let entry = append(&mut transaction, at, actor, action).await?;
        transaction.commit().await?;
        Ok(entry)
    }

    /// These contents.
    ///
    /// # Errors
    /// One of them is missing, or not what its hash says; or the database fails.
    pub async fn contents(
        &self,
        ids: &BTreeSet<ContentId>,
    ) -> Result<BTreeMap<ContentId, Vec<u8>>, StoreError> {
        let mut contents = BTreeMap::new();
        if ids.is_empty() {
            return Ok(contents);
        }
        let mut connection = self.connection().await?;
        for id in ids {
            let bytes = content(&mut connection, id).await?;
            let bytes = bytes.ok_or_else(|| StoreError::NoContent(id.clone()))?;
            contents.insert(id.clone(), bytes);
        }
        Ok(contents)
    }
}

/// The contents that an action's meaning depends on.
fn named_by(action: &Action) -> Vec<&ContentId> {
    match action {
        Action::ResolveConflict { files, .. } => {
            let results = files.iter().filter_map(|file| file.result.as_ref());
            results.map(|result| &result.content).collect()
        }
        Action::ChooseForm { form, .. } => form.content().into_iter().collect(),
        Action::Nominate { .. }
        | Action::SubmitPatch { .. }
        | Action::Approve { .. }
        | Action::DropResolutions { .. }
        | Action::CancelBuild { .. }
        | Action::RetryBuild { .. }
        | Action::Waive { .. }
        | Action::EndWaiver { .. }
        | Action::Dismiss { .. }
        | Action::Reopen { .. }
        | Action::Veto { .. }
        | Action::Withdraw { .. }
        | Action::Overrule { .. }
        | Action::Released { .. }
        | Action::Superseded { .. }
        | Action::Returned { .. }
        | Action::Account { .. } => Vec::new(),
    }
}

pub(crate) async fn put(
    transaction: &mut WriteTransaction,
    id: &ContentId,
    bytes: &[u8],
) -> Result<(), StoreError> {
    if hash(bytes) != *id {
        return Err(StoreError::WrongContent(id.clone()));
    }
    sqlx::query("INSERT INTO contents (id, bytes) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(id.as_str())
        .bind(bytes.to_vec())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

async fn content(
    connection: &mut AnyConnection,
    id: &ContentId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query("SELECT id, bytes FROM contents WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let row = TableRow::new(&row, "contents", &["id"]);
    let bytes = row.bytes("bytes")?;
    if hash(&bytes) != *id {
        return Err(row.junk("bytes", &"they are not what the hash says"));
    }
    Ok(Some(bytes))
}

fn hash(bytes: &[u8]) -> ContentId {
    Sha256::of(bytes).into()
}
