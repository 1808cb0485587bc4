//! What the log says of a release.

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Sha256};
use serde::{Deserialize, Serialize};

/// The format of entries that this version of Picket writes.
pub const FORMAT: u32 = 1;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A published release.
    Release,
}

/// A published release: one line of JSON, which comes out of its `release.json` alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The format: 1.
    pub format: u32,
    /// What it is about: `release`.
    pub kind: EntryKind,
    /// The channel.
    pub channel: ChannelName,
    /// The release.
    pub release: ReleaseName,
    /// Its place in the channel.
    pub seq: ReleaseSeq,
    /// SHA-256 of its `release.json`, which vouches for all the rest.
    pub release_json_sha256: Sha256,
}

impl Entry {
    /// That of a release.
    pub fn of_release(
        channel: ChannelName,
        release: ReleaseName,
        seq: ReleaseSeq,
        release_json_sha256: Sha256,
    ) -> Self {
        Self {
            format: FORMAT,
            kind: EntryKind::Release,
            channel,
            release,
            seq,
            release_json_sha256,
        }
    }

    /// Its bytes, which are hashed: no line end is among them.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("an entry has no map at all")
    }

    /// Reads a line, which has to be as this version of Picket writes it, byte for byte.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence for a person.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let entry: Self = serde_json::from_slice(line)
            .map_err(|error| format!("an entry of the release log cannot be read: {error}"))?;
        if entry.format != FORMAT {
            let format = entry.format;
            return Err(format!(
                "an entry of the release log has format {format}; this version of picket knows format \
                 {FORMAT}"
            ));
        }
        if entry.to_line().as_bytes() != line {
            return Err(
                "an entry of the release log is not written as this version of picket writes it"
                    .to_owned(),
            );
        }
        Ok(entry)
    }

    /// Whether it is about the release that has this number in this channel.
    pub fn is_about(&self, channel: &ChannelName, seq: ReleaseSeq) -> bool {
        self.channel == *channel && self.seq == seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_it_is_written_and_not_otherwise() {
        let entry = Entry::of_release(
            ChannelName::parse("nixos-26.05-sec").unwrap(),
            ReleaseName::parse("nixos-26.05.715880.12.abc1234").unwrap(),
            ReleaseSeq(12),
            Sha256::of(b"release.json"),
        );
        let line = entry.to_line();
        insta::assert_snapshot!(line, @r#"{"format":1,"kind":"release","channel":"nixos-26.05-sec","release":"nixos-26.05.715880.12.abc1234","seq":12,"release_json_sha256":"16903c7a4898d982fab69d1f9b86f84345e498ec58965bf6047383688818b4c3"}"#);
        assert_eq!(Entry::parse(line.as_bytes()), Ok(entry));
        for (from, to, says) in [
            ("\"seq\":12", "\"seq\": 12", "not written as"),
            ("\"format\":1", "\"format\":2", "has format 2"),
            ("\"seq\"", "\"sequence\"", "unknown field"),
            ("}", "", "cannot be read"),
        ] {
            let error = Entry::parse(line.replace(from, to).as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
