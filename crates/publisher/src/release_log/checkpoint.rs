//! Checkpoints and the keys that sign them.
//!
//! The keys are those that sign releases. A note's key is known by a name and an identifier; the name is
//! the log's origin, for each of them, since a name in Nix's format may hold what a note's must not.

use picket_releaselog::{Checkpoint, NoteSignature, Origin, SignedNote, key_id};

use crate::key::{PublicKey, Signature};

/// Whether a note is signed by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// It is.
    Yes,
    /// It has no signature of the key.
    No,
    /// It has what should be one, and is not.
    Wrong,
}

/// Whether a note about this log is signed by this key.
pub(crate) fn signed_by(note: &SignedNote, origin: &Origin, key: &PublicKey) -> SignedBy {
    let id = key_id(origin.as_str(), key.as_bytes());
    let of_key = |it: &&NoteSignature| it.name == origin.as_str() && it.id == id;
    let mut signatures = note.signatures.iter().filter(of_key).peekable();
    if signatures.peek().is_none() {
        return SignedBy::No;
    }
    let is_right = |it: &NoteSignature| {
        let bytes = it.bytes.as_slice().try_into().ok();
        bytes.is_some_and(|it| key.verify_bytes(note.text.as_bytes(), it))
    };
    if signatures.all(is_right) {
        SignedBy::Yes
    } else {
        SignedBy::Wrong
    }
}

/// The checkpoint in a note that at least one of these keys signed, and on which none has a wrong
/// signature.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_signed(
    bytes: &[u8],
    keys: &[PublicKey],
) -> Result<(Checkpoint, SignedNote), String> {
    let note = SignedNote::parse(bytes)?;
    let checkpoint = Checkpoint::parse(&note.text)?;
    let mut is_signed = false;
    for key in keys {
        match signed_by(&note, &checkpoint.origin, key) {
            SignedBy::Yes => is_signed = true,
            SignedBy::No => {}
            SignedBy::Wrong => return Err(format!("the signature of {} is wrong", key.name())),
        }
    }
    if is_signed {
        return Ok((checkpoint, note));
    }
    let names: Vec<_> = keys.iter().map(|key| key.name().as_str()).collect();
    Err(format!("it is not signed by {}", names.join(", ")))
}

/// The note of a checkpoint that these keys signed, each of them once and in the same order.
pub(super) fn note(
    checkpoint: &Checkpoint,
    keys: &[PublicKey],
    signatures: &[Signature],
) -> SignedNote {
    let name = checkpoint.origin.as_str();
    let signatures = keys.iter().zip(signatures).map(|(key, signature)| {
        let id = key_id(name, key.as_bytes());
        let bytes = signature.as_bytes().to_vec();
        let name = name.to_owned();
        NoteSignature { name, id, bytes }
    });
    SignedNote {
        text: checkpoint.to_text(),
        signatures: signatures.collect(),
    }
}
