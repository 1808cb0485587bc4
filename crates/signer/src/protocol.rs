//! What goes over the socket.
//!
//! ```text
//! client: picket-signer 1\n                       the protocol and its version
//! server: a frame K: the public keys, one a line
//! client: a frame p, r, l or c                    and so on, as often as it likes
//! server: a frame S, R, U or H
//! ```
//!
//! A frame is one byte that says what it is, four that say how long its body is (the highest first), and
//! the body. Each kind has a longest body; a longer one is refused by its length.
//!
//! | frame | body |
//! |---|---|
//! | `K` | the public keys, one a line |
//! | `p` | fingerprints of store paths, one a line, at most [`PATHS_MAX`] |
//! | `r` | a `release.json` |
//! | `l` | a `latest.json` |
//! | `c` | a release log's origin, the number of an entry, and the entries from that one on, a line each |
//! | `S` | signatures, by blanks those of one thing, a line for each thing that was asked for |
//! | `R` | why it is not signed, in words |
//! | `U` | the same, where the signer does not know what it names: a release, or the entries before these |
//! | `H` | why nothing can be signed at the moment, in words |
//!
//! The kind says what the body is taken for, and a body that is one kind is none of the others: a
//! fingerprint begins with a digit, the two files are taken only as they are written, and of a log it is the
//! checkpoint that is signed, which comes out of the entries.

use std::io::{self, Read, Write};

use picket_publisher::{Fingerprint, Signature};
use picket_releaselog::Origin;

/// What a client begins with.
pub const PREFACE: &[u8; 16] = b"picket-signer 1\n";
/// So many store paths are signed at once.
pub const PATHS_MAX: usize = 1_000;
/// Length of the longest body of a question about store paths, in bytes.
pub const PATHS_BYTES_MAX: usize = 8 << 20;

const RELEASE_MAX: usize = 64 << 20;
const LATEST_MAX: usize = 64 << 10;
const LOG_MAX: usize = 64 << 20;
const ANSWER_MAX: usize = 8 << 20;
/// Length of what comes before the body.
pub(crate) const HEAD: usize = 5;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Signatures of store paths.
    Paths,
    /// That of a release.
    Release,
    /// That of a statement.
    Latest,
    /// That of the checkpoint of a release log.
    Log,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Paths, Self::Release, Self::Latest, Self::Log];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Paths => b'p',
            Self::Release => b'r',
            Self::Latest => b'l',
            Self::Log => b'c',
        }
    }

    const fn longest(self) -> usize {
        match self {
            Self::Paths => PATHS_BYTES_MAX,
            Self::Release => RELEASE_MAX,
            Self::Latest => LATEST_MAX,
            Self::Log => LOG_MAX,
        }
    }

    /// What is asked for, and how long its body is.
    ///
    /// # Errors
    /// Why that is not read, for the client.
    pub(crate) fn of_head(head: [u8; HEAD]) -> Result<(Self, usize), String> {
        let [byte, length @ ..] = head;
        let kind = Self::ALL.into_iter().find(|it| it.byte() == byte);
        let kind = kind.ok_or("this is no question of the protocol")?;
        let length = u32::from_be_bytes(length) as usize;
        if length > kind.longest() {
            let longest = kind.longest();
            return Err(format!("{length} bytes are too many: at most {longest}"));
        }
        Ok((kind, length))
    }
}

/// What comes of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The signatures of each thing that was asked for.
    Signed(Vec<Vec<Signature>>),
    /// It is not signed, and why.
    Refused(String),
    /// It is not signed, since something that it names is not known: the release of a statement, or what
    /// comes before the entries of a log.
    Unknown(String),
    /// Nothing can be signed at the moment, and why.
    Hindered(String),
}

impl Answer {
    /// Its frame.
    pub(crate) fn frame(&self) -> Vec<u8> {
        match self {
            Self::Signed(of_all) => {
                let line = |of_one: &Vec<Signature>| {
                    let texts: Vec<_> = of_one.iter().map(ToString::to_string).collect();
                    texts.join(" ") + "\n"
                };
                frame(b'S', of_all.iter().map(line).collect::<String>().as_bytes())
            }
            Self::Refused(why) => frame(b'R', why.as_bytes()),
            Self::Unknown(why) => frame(b'U', why.as_bytes()),
            Self::Hindered(why) => frame(b'H', why.as_bytes()),
        }
    }

    /// The next answer that comes.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let (byte, body) = read_frame(from)?;
        let text = String::from_utf8(body).map_err(|_| invalid("an answer is no text"))?;
        Ok(match byte {
            b'S' => Self::Signed(signatures(&text)?),
            b'R' => Self::Refused(text),
            b'U' => Self::Unknown(text),
            b'H' => Self::Hindered(text),
            _ => return Err(invalid("an answer is of no kind of the protocol")),
        })
    }
}

fn signatures(text: &str) -> io::Result<Vec<Vec<Signature>>> {
    let of_one = |line: &str| line.split(' ').map(Signature::parse).collect();
    let of_all: Result<_, _> = text.lines().map(of_one).collect();
    of_all.map_err(|error| invalid(&format!("an answer holds no signature: {error}")))
}

/// The frame of the public keys, as text.
pub(crate) fn keys_frame(keys: &str) -> Vec<u8> {
    frame(b'K', keys.as_bytes())
}

/// The public keys, which the server begins with; or the words with which it turns the client away.
pub(crate) fn read_keys(from: &mut impl Read) -> io::Result<String> {
    let (byte, body) = read_frame(from)?;
    let text = String::from_utf8_lossy(&body).into_owned();
    match byte {
        b'K' => Ok(text),
        b'R' => Err(io::Error::other(text)),
        _ => Err(invalid("what answers is no signer")),
    }
}

/// Asks.
pub(crate) fn ask(to: &mut impl Write, kind: Kind, body: &[u8]) -> io::Result<()> {
    to.write_all(&frame(kind.byte(), body))
}

/// The body of a question about store paths.
pub(crate) fn paths_body(fingerprints: &[Fingerprint]) -> Vec<u8> {
    let lines = fingerprints.iter().map(|it| format!("{it}\n"));
    lines.collect::<String>().into_bytes()
}

/// The body of a question about a log.
pub(crate) fn log_body(origin: &Origin, start: usize, entries: &[String]) -> Vec<u8> {
    let mut body = format!("{origin}\n{start}\n");
    for entry in entries {
        body += entry;
        body.push('\n');
    }
    body.into_bytes()
}

fn frame(byte: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(HEAD + body.len());
    frame.push(byte);
    frame.extend(length.to_be_bytes());
    frame.extend(body);
    frame
}

fn read_frame(from: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; HEAD];
    from.read_exact(&mut head)?;
    let [byte, length @ ..] = head;
    let length = u32::from_be_bytes(length) as usize;
    if length > ANSWER_MAX {
        return Err(invalid("an answer is too long"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok((byte, body))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use picket_publisher::{KeyName, SecretKey};

    use super::*;

    #[test]
    fn answers_go_over_the_socket_as_they_are() {
        let key = |name| SecretKey::from_seed(KeyName::parse(name).unwrap(), &[1; 32]);
        let signed = |message: &[u8]| vec![key("a-1").sign(message), key("b").sign(message)];
        for answer in [
            Answer::Signed(vec![signed(b"one"), signed(b"two")]),
            Answer::Signed(Vec::new()),
            Answer::Refused("no".to_owned()),
            Answer::Unknown("which?".to_owned()),
            Answer::Hindered("the disk is full".to_owned()),
        ] {
            let frame = answer.frame();
            assert_eq!(Answer::read(&mut frame.as_slice()).unwrap(), answer);
        }
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (frame, says) in [
            (&b"X\0\0\0\0"[..], "of no kind"),
            (b"S\xff\xff\xff\xff", "too long"),
            (b"S\0\0\0\x02x\n", "no signature"),
            (b"S\0\0\0\x01\xff", "no text"),
            (b"S\0\0\0\x09x", "fill"),
        ] {
            let error = Answer::read(&mut &*frame).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(read_keys(&mut &b"HTTP/1.1 400"[..]).is_err());
    }

    #[test]
    fn a_question_has_a_kind_and_a_length() {
        let head = |byte: u8, length: u32| {
            let mut head = [byte; HEAD];
            head[1..].copy_from_slice(&length.to_be_bytes());
            Kind::of_head(head)
        };
        assert_eq!(head(b'p', 8 << 20), Ok((Kind::Paths, 8 << 20)));
        assert_eq!(head(b'r', 64 << 20), Ok((Kind::Release, 64 << 20)));
        assert_eq!(head(b'l', 0), Ok((Kind::Latest, 0)));
        assert_eq!(head(b'c', 64 << 20), Ok((Kind::Log, 64 << 20)));
        assert!(head(b'p', (8 << 20) + 1).is_err());
        assert!(head(b'r', u32::MAX).is_err());
        assert!(head(b'l', (64 << 10) + 1).is_err());
        assert!(head(b'x', 0).is_err());
    }
}
