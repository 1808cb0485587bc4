//! Signed notes, after <https://c2sp.org/signed-note>: a text, an empty line, and signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket_domain::Sha256;

/// No note that is read may be longer, in bytes.
pub const NOTE_MAX: u64 = 64 * 1024;

/// What each signature's line begins with: an em dash and a blank.
const SIGNATURE: &str = "\u{2014} ";
/// The identifier of the signature type "Ed25519".
const ED25519: u8 = 1;
/// A note has no more signatures than this: keys of the log, and of others who sign it too.
const SIGNATURES_MAX: usize = 64;

/// The signature of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// Tells keys of one name apart; see [`key_id`].
    pub id: [u8; 4],
    /// The signature itself: 64 bytes, where it is one of Ed25519.
    pub bytes: Vec<u8>,
}

/// A text and the signatures over it, which nobody has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The text, with the line end at its end.
    pub text: String,
    /// Signatures over the text.
    pub signatures: Vec<NoteSignature>,
}

/// Identifies an Ed25519 key under a name.
pub fn key_id(name: &str, public_key: &[u8; 32]) -> [u8; 4] {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend([b'\n', ED25519]);
    bytes.extend(public_key);
    let [a, b, c, d, ..] = *Sha256::of(&bytes).as_bytes();
    [a, b, c, d]
}

impl SignedNote {
    /// The note's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut note = format!("{}\n", self.text);
        for NoteSignature { name, id, bytes } in &self.signatures {
            let base64 = STANDARD.encode([&id[..], bytes].concat());
            note += &format!("{SIGNATURE}{name} {base64}\n");
        }
        note.into_bytes()
    }

    /// Reads a note. What it says counts for nothing before one of the signatures was checked.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let note = std::str::from_utf8(bytes).map_err(|_| "it is no text")?;
        if note.chars().any(|it| it < ' ' && it != '\n') {
            return Err("it holds control characters".to_owned());
        }
        let (text, signatures) = note
            .rsplit_once("\n\n")
            .ok_or("there is no empty line before the signatures")?;
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or("its last line has no end")?;
        let signatures = signatures.split('\n').take(SIGNATURES_MAX + 1);
        let signatures: Vec<_> = signatures.map(signature).collect::<Result<_, _>>()?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(format!("it has more than {SIGNATURES_MAX} signatures"));
        }
        let text = format!("{text}\n");
        Ok(Self { text, signatures })
    }
}

fn signature(line: &str) -> Result<NoteSignature, String> {
    let wrong = || "a line below the empty one is no signature".to_owned();
    let rest = line.strip_prefix(SIGNATURE).ok_or_else(wrong)?;
    let (name, base64) = rest.split_once(' ').ok_or_else(wrong)?;
    let is_name = !name.is_empty() && !name.contains(|it: char| it.is_whitespace() || it == '+');
    let bytes = STANDARD.decode(base64).map_err(|_| wrong())?;
    let (id, bytes) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
    if !is_name || bytes.is_empty() {
        return Err(wrong());
    }
    Ok(NoteSignature {
        name: name.to_owned(),
        id: *id,
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    /// The last part of its key, `example.com/foo+530d903a+..`: the type and the key itself.
    const KEY: &str = "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    #[test]
    fn the_example_reads_as_it_is_written() {
        let note = SignedNote::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(note.text, "This is an example message.\n");
        assert_eq!(note.signatures[0].name, "example.com/foo");
        assert_eq!(note.signatures[0].id, [0x53, 0x0d, 0x90, 0x3a]);
        assert_eq!(note.signatures[0].bytes.len(), 64);
        assert_eq!(note.to_bytes(), EXAMPLE.as_bytes());
        let key = STANDARD.decode(KEY).unwrap();
        assert_eq!(key[0], ED25519);
        let id = key_id("example.com/foo", key[1..].try_into().unwrap());
        assert_eq!(id, note.signatures[0].id);
    }

    #[test]
    fn what_is_no_note_is_told() {
        for (note, says) in [
            ("", "no empty line"),
            ("text\n", "no empty line"),
            ("text\n\n", "no end"),
            ("text\n\nx\n", "no signature"),
            ("text\n\n\u{2014} a+b AAAAAAA=\n", "no signature"),
            ("text\n\n\u{2014} a AAAAAA==\n", "no signature"),
            ("text\n\n\u{2014} a ?\n", "no signature"),
            ("te\txt\n\n\u{2014} a AAAAAAA=\n", "control"),
            ("text\n\n\u{2014} a AAAAAAA=", "no end"),
        ] {
            let error = SignedNote::parse(note.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{note:?}: {error}");
        }
        let many = "\u{2014} a AAAAAAA=\n".repeat(SIGNATURES_MAX + 1);
        let error = SignedNote::parse(format!("t\n\n{many}").as_bytes()).unwrap_err();
        assert!(error.contains("more than 64"), "{error}");
        assert!(SignedNote::parse(b"\xff").is_err());
    }
}
