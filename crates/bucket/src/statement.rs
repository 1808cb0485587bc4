//! Stating in the mirror which release of a channel is current.

use picket_domain::{ChannelName, Sha256};
use picket_publisher::LatestFile;

use crate::error::BucketError;
use crate::ledger::ChannelEntry;
use crate::place::{Manner, Place};
use crate::scan::{STATED_MAX, Statement};

/// The key of one of a statement's files.
pub(crate) fn key(channel: &ChannelName, file: LatestFile) -> String {
    format!("latest/{channel}/{}", file.file_name())
}

/// Whether the mirror has it.
pub(crate) fn is_stated(statement: &Statement, entry: &ChannelEntry) -> bool {
    entry.statement == Some(Sha256::of(&statement.bytes))
        && entry.signatures == Some(Sha256::of(&statement.signatures))
}

/// Puts a statement in the place of the one that is there. The signatures come first, together with
/// those of the one that is there, which may be any older one: what is there, is signed at every
/// instant. Once it is replaced, its signatures go.
pub(crate) async fn state(
    place: &Place,
    channel: &ChannelName,
    statement: &Statement,
) -> Result<(), BucketError> {
    let signatures = key(channel, LatestFile::Signature);
    let before = place.read(&signatures, STATED_MAX).await?;
    let both = before.map(|before| joined(&statement.signatures, &before.bytes));
    let both = both.filter(|both| *both != statement.signatures);
    write(
        place,
        channel,
        LatestFile::Signature,
        both.as_ref().unwrap_or(&statement.signatures),
    )
    .await?;
    write(place, channel, LatestFile::Statement, &statement.bytes).await?;
    if both.is_some() {
        write(place, channel, LatestFile::Signature, &statement.signatures).await?;
    }
    Ok(())
}

async fn write(
    place: &Place,
    channel: &ChannelName,
    file: LatestFile,
    bytes: &[u8],
) -> Result<(), BucketError> {
    let manner = Manner {
        cache_control: file.cache_control(),
        ..Manner::changing(file.content_type())
    };
    place
        .write(&key(channel, file), bytes.to_vec(), manner)
        .await
}

/// The new lines, and those of the old ones that are not among them.
fn joined(new: &[u8], old: &[u8]) -> Vec<u8> {
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let lines = bytes.split(|it| *it == b'\n').filter(|it| !it.is_empty());
        lines.map(<[u8]>::to_vec).collect()
    };
    let new_lines = lines(new);
    let mut joined = new.to_vec();
    for line in lines(old) {
        if !new_lines.contains(&line) && joined.len() + line.len() < STATED_MAX as usize {
            joined.extend(line);
            joined.push(b'\n');
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_joined_without_doubles() {
        assert_eq!(joined(b"b\na\n", b"a\nz\n"), b"b\na\nz\n");
        assert_eq!(joined(b"b\na\n", b"a\n"), b"b\na\n");
        assert_eq!(joined(b"a\n", b""), b"a\n");
    }
}
