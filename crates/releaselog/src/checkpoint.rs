//! Checkpoints, after <https://c2sp.org/tlog-checkpoint>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket_domain::Sha256;

use crate::origin::Origin;

/// How many entries a log has, and the root of their tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many entries.
    pub size: u64,
    /// The root of their tree.
    pub root: Sha256,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, a line each.
    pub fn to_text(&self) -> String {
        let Self { origin, size, root } = self;
        format!("{origin}\n{size}\n{}\n", STANDARD.encode(root.as_bytes()))
    }

    /// Reads that text. Further lines, which nobody can check, are none of ours and refused.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines: Vec<_> = text.split('\n').collect();
        let [origin, size, root, ""] = lines[..] else {
            return Err("a checkpoint has three lines: origin, size and root".to_owned());
        };
        let root = STANDARD.decode(root).ok();
        let root = root.and_then(|it| <[u8; 32]>::try_from(it).ok());
        let checkpoint = Self {
            origin: Origin::parse(origin)?,
            size: size.parse().map_err(|_| "its size is no number")?,
            root: Sha256::from_bytes(root.ok_or("its root is no SHA-256 in base64")?),
        };
        if checkpoint.to_text() != text {
            return Err("its size has zeros or a sign before it".to_owned());
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_it_is_written_and_not_otherwise() {
        let text =
            "sec.example/release-log\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.to_text(), text);
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+20852163"),
            ("20852163", "-1"),
            ("sec.example", "sec example"),
            ("2I=\n", "2I="),
            ("2I=\n", "2I=\nextension\n"),
            ("Cs", "C"),
        ] {
            assert!(Checkpoint::parse(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
