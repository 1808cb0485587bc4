//! What is signed of a store path.

use std::fmt;

use nix_derivation::nixbase32;
use picket_domain::{Sha256, StorePath};

/// The text that a store path's signature is over:
///
/// ```text
/// 1;<store path>;sha256:<NAR hash, in Nix's base 32>;<NAR size>;<references, each a store path, by commas>
/// ```
///
/// The references are in order, each once (`ValidPathInfo::fingerprint` in Nix's `path-info.cc`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    text: String,
    path: StorePath,
    nar_hash: Sha256,
}

impl Fingerprint {
    /// No fingerprint is longer, in bytes: a narinfo, which has references by their last parts alone,
    /// could not carry what it says.
    pub const LENGTH_MAX: usize = 4 * nix_narinfo::MAX_NARINFO_SIZE;

    /// Takes a text that Nix would make of a path in this store folder.
    ///
    /// # Errors
    /// What is wrong with it, as a clause for a person.
    pub fn parse(store_dir: &str, text: &str) -> Result<Self, String> {
        if text.len() > Self::LENGTH_MAX {
            return Err("it is too long".to_owned());
        }
        let mut parts = text.splitn(5, ';');
        let mut part = || parts.next().ok_or("it has not five parts");
        if part()? != "1" {
            return Err("it does not begin with 1;".to_owned());
        }
        let path = path_in(store_dir, part()?)?;
        let nar_hash = nar_hash(part()?).ok_or("its NAR hash is none of SHA-256")?;
        let size = part()?;
        let is_size = size
            .parse::<u64>()
            .is_ok_and(|it| it > 0 && it.to_string() == size);
        if !is_size {
            return Err("its NAR size is no number of bytes".to_owned());
        }
        has_references(store_dir, part()?)?;
        Ok(Self {
            text: text.to_owned(),
            path,
            nar_hash,
        })
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path that it is of.
    pub fn path(&self) -> &StorePath {
        &self.path
    }

    /// SHA-256 of the path's NAR.
    pub fn nar_hash(&self) -> Sha256 {
        self.nar_hash
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn path_in(store_dir: &str, text: &str) -> Result<StorePath, String> {
    let path = StorePath::parse(text).map_err(|error| error.to_string())?;
    if path.store_dir() == store_dir {
        Ok(path)
    } else {
        Err(format!("{path} is not in {store_dir}"))
    }
}

/// The digits have one spelling alone.
fn nar_hash(text: &str) -> Option<Sha256> {
    let digits = text.strip_prefix("sha256:")?;
    let bytes = nixbase32::decode(digits.as_bytes()).ok()?;
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    (nixbase32::encode(&bytes) == digits).then(|| Sha256::from_bytes(bytes))
}

fn has_references(store_dir: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let mut before = None;
    for reference in text.split(',') {
        let reference = path_in(store_dir, reference)?;
        if before.is_some_and(|before| before >= reference) {
            return Err("its references are not in order, each once".to_owned());
        }
        before = Some(reference);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "sha256:0m8w2p9mc7fyn971i547ya6k0x2rz5j17qrg9wvxqlydiczbbhv2";
    const HELLO: &str = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1";
    const GLIBC: &str = "/nix/store/1bgd045z0d4icpbc2yyz4gx48ak44la0-glibc-2.40";

    #[test]
    fn what_nix_signs_is_taken() {
        for references in ["", HELLO, &format!("{HELLO},{GLIBC}")] {
            let text = format!("1;{HELLO};{HASH};226560;{references}");
            let parsed = Fingerprint::parse("/nix/store", &text).unwrap();
            assert_eq!(parsed.as_str(), text);
            assert_eq!(parsed.path().as_str(), HELLO);
            assert_eq!(parsed.nar_hash(), Sha256::of(b"the nar"));
        }
    }

    #[test]
    fn nothing_else_is() {
        let good = format!("1;{HELLO};{HASH};226560;{HELLO},{GLIBC}");
        for (from, to) in [
            ("1;", "2;"),
            ("1;", ""),
            ("/nix/store/00", "/gnu/store/00"),
            (",/nix/store/", ",/nix/store/x/"),
            (",/nix/store/", ",/gnu/store/"),
            (GLIBC, HELLO),
            (",/nix", ",,/nix"),
            (",/nix", ";/nix"),
            ("sha256:0", "sha256:"),
            ("sha256:0", "sha256:00"),
            ("sha256:0m8", "sha256:0e8"),
            ("sha256:0m8", "sha256:zm8"),
            ("sha256:", "sha512:"),
            ("226560", "0226560"),
            ("226560", "0"),
            ("226560", "-1"),
            ("226560", "99999999999999999999"),
            ("glibc-2.40", "glibc-2.40\n"),
            ("glibc-2.40", "glibc-2.40,"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(Fingerprint::parse("/nix/store", &bad).is_err(), "{bad}");
        }
        let other_order = format!("1;{HELLO};{HASH};226560;{GLIBC},{HELLO}");
        assert!(Fingerprint::parse("/nix/store", &other_order).is_err());
        for bad in ["", "1;;;;", "{}", "1"] {
            assert!(Fingerprint::parse("/nix/store", bad).is_err(), "{bad}");
        }
        let long = format!("{good},{}", "x".repeat(4 << 20));
        assert_eq!(
            Fingerprint::parse("/nix/store", &long).unwrap_err(),
            "it is too long"
        );
    }
}
