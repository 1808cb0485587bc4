//! Narinfos: what a binary cache says of a store path.

use std::collections::{BTreeMap, BTreeSet};

use nix_derivation::{CAHash, HashAlgorithm, NixHash, StoreDir, StorePath as NixStorePath};
use nix_narinfo::{Compression, NarInfo, NarInfoBuilder, NarInfoSignature};
use picket_domain::{PathInfo, Sha256, StorePath};

use crate::cache_file::CacheFile;
use crate::error::PublishError;
use crate::fingerprint::Fingerprint;
use crate::key::{PublicKey, Signature};

/// No narinfo may be longer, in bytes.
pub(crate) const SIZE_MAX: u64 = nix_narinfo::MAX_NARINFO_SIZE as u64;

/// A compressed NAR in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NarFile {
    pub(crate) hash: Sha256,
    pub(crate) size: u64,
}

impl NarFile {
    pub(crate) fn file(self) -> CacheFile {
        CacheFile::Nar(self.hash)
    }
}

/// A path's narinfo before it is signed.
#[derive(Debug)]
pub(crate) struct Unsigned {
    fields: NarInfoBuilder,
    fingerprint: Fingerprint,
}

impl Unsigned {
    /// That of a path with this compressed NAR.
    ///
    /// # Errors
    /// Where Nix's metadata for the path has no place in a narinfo.
    pub(crate) fn of(info: &PathInfo, nar: NarFile) -> Result<Self, PublishError> {
        Self::made(info, nar).map_err(|reason| PublishError::Metadata {
            path: info.path.clone(),
            reason,
        })
    }

    fn made(info: &PathInfo, nar: NarFile) -> Result<Self, String> {
        let store_dir = store_dir(&info.path)?;
        let references = info.references.iter().map(nix_path);
        let deriver = info.deriver.as_ref().map(nix_path).transpose();
        let address = info.content_address.as_deref().map(CAHash::parse);
        let address = address.transpose().map_err(|error| error.to_string())?;
        let (url, hash) = (nar.file().to_string(), nix_hash(info.nar_hash));
        let path = nix_path(&info.path)?;
        let fields = NarInfo::builder_in(store_dir.clone(), path, url, hash, info.nar_size)
            .compression(Compression::Zstd)
            .references(references.collect::<Result<Vec<_>, _>>()?)
            .deriver(deriver?)
            .content_address(address)
            .file_hash(Some(nix_hash(nar.hash)))
            .file_size(Some(nar.size));
        let built = fields.clone().build().map_err(|error| error.to_string())?;
        let fingerprint = built.fingerprint(&store_dir);
        let fingerprint = Fingerprint::parse(info.path.store_dir(), &fingerprint)?;
        Ok(Self {
            fields,
            fingerprint,
        })
    }

    /// What its signatures are over.
    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The narinfo with our signatures; those of other keys, in `kept`, stay.
    ///
    /// # Errors
    /// Where it would be too long.
    pub(crate) fn signed<'a>(
        self,
        ours: &[Signature],
        kept: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<u8>, PublishError> {
        let signatures = signatures(ours, kept);
        let signatures = signatures.iter().map(|text| NarInfoSignature::parse(text));
        let signed = signatures
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())
            .and_then(|signatures| {
                let built = self.fields.signatures(signatures).build();
                built.map_err(|error| error.to_string())
            });
        signed
            .map(|narinfo| narinfo.to_canonical_bytes())
            .and_then(bounded)
            .map_err(|reason| PublishError::Metadata {
                path: self.fingerprint.path().clone(),
                reason,
            })
    }
}

/// What is written has to be read again.
fn bounded(narinfo: Vec<u8>) -> Result<Vec<u8>, String> {
    match narinfo.len() as u64 {
        ..=SIZE_MAX => Ok(narinfo),
        length => Err(format!(
            "it would have {length} bytes, and {SIZE_MAX} are the most"
        )),
    }
}

/// Ours and those that were there, one a key, ordered by key name.
fn signatures<'a>(ours: &[Signature], kept: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut by_key = BTreeMap::new();
    for text in kept {
        match Signature::parse(text) {
            Ok(signature) => {
                by_key.insert(signature.key_name().clone(), signature);
            }
            Err(error) => tracing::warn!(%error, "dropped a signature that cannot be read"),
        }
    }
    for signature in ours {
        by_key.insert(signature.key_name().clone(), signature.clone());
    }
    by_key.values().map(ToString::to_string).collect()
}

/// A narinfo as it was read.
#[derive(Debug)]
pub(crate) struct Narinfo {
    /// The path that it is about.
    pub(crate) path: StorePath,
    /// What it says of the path's content.
    pub(crate) nar_hash: Sha256,
    pub(crate) nar_size: u64,
    pub(crate) references: Vec<StorePath>,
    /// The file that it leads to.
    pub(crate) nar: NarFile,
    signatures: Vec<String>,
    fingerprint: String,
}

impl Narinfo {
    /// Whether it names the references that are named there.
    pub(crate) fn has_references(&self, of: &PathInfo) -> bool {
        let references: BTreeSet<_> = of.references.iter().collect();
        let published: BTreeSet<_> = self.references.iter().collect();
        references == published
    }

    /// Reads one of our narinfos.
    ///
    /// # Errors
    /// Why it is not one that Picket writes, as a clause for a person.
    pub(crate) fn parse(store_dir: &str, bytes: &[u8]) -> Result<Self, String> {
        let dir = StoreDir::new(store_dir).map_err(|error| error.to_string())?;
        let info = NarInfo::parse_in(&dir, bytes).map_err(|error| error.to_string())?;
        let domain_path = |path: &NixStorePath| {
            StorePath::parse(&dir.render_path(path)).map_err(|error| error.to_string())
        };
        let hash = info
            .file_hash()
            .and_then(sha256)
            .ok_or("it has no FileHash")?;
        let size = info.file_size().ok_or("it has no FileSize")?;
        let nar = NarFile { hash, size };
        if info.url() != nar.file().to_string() {
            return Err(format!("its URL {:?} is not its FileHash's", info.url()));
        }
        if *info.compression() != Compression::Zstd {
            return Err(format!("its compression is {}", info.compression()));
        }
        Ok(Self {
            path: domain_path(info.store_path())?,
            nar_hash: sha256(info.nar_hash()).ok_or("its NarHash is not SHA-256")?,
            nar_size: info.nar_size(),
            references: info
                .references()
                .iter()
                .map(domain_path)
                .collect::<Result<_, _>>()?,
            nar,
            signatures: info.signatures().iter().map(ToString::to_string).collect(),
            fingerprint: info.fingerprint(&dir),
        })
    }

    /// The signatures as text.
    pub(crate) fn signatures(&self) -> &[String] {
        &self.signatures
    }

    /// Whether this key signed it.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        let parsed = self
            .signatures
            .iter()
            .filter_map(|it| Signature::parse(it).ok());
        parsed
            .into_iter()
            .any(|signature| key.verify(self.fingerprint.as_bytes(), &signature))
    }
}

fn store_dir(path: &StorePath) -> Result<StoreDir, String> {
    StoreDir::new(path.store_dir()).map_err(|error| error.to_string())
}

fn nix_path(path: &StorePath) -> Result<NixStorePath, String> {
    NixStorePath::from_basename(path.base_name().as_bytes()).map_err(|error| error.to_string())
}

fn nix_hash(hash: Sha256) -> NixHash {
    NixHash::Sha256(*hash.as_bytes())
}

fn sha256(hash: &NixHash) -> Option<Sha256> {
    match hash {
        NixHash::Sha256(bytes) => Some(Sha256::from_bytes(*bytes)),
        other => {
            debug_assert_ne!(other.algorithm(), HashAlgorithm::Sha256);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyName, SecretKey};

    fn signed(keys: &[SecretKey], kept: &[String]) -> Vec<u8> {
        let unsigned = Unsigned::of(&info(), nar()).unwrap();
        let message = unsigned.fingerprint().as_str().as_bytes();
        let ours: Vec<_> = keys.iter().map(|key| key.sign(message)).collect();
        unsigned.signed(&ours, kept).unwrap()
    }

    fn key(name: &str) -> SecretKey {
        SecretKey::from_seed(KeyName::parse(name).unwrap(), &[7; 32])
    }

    fn info() -> PathInfo {
        let path = |text: &str| StorePath::parse(&format!("/nix/store/{text}")).unwrap();
        let hello = path("00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1");
        PathInfo {
            nar_hash: Sha256::of(b"the nar"),
            nar_size: 226_560,
            references: vec![
                hello.clone(),
                path("1bgd045z0d4icpbc2yyz4gx48ak44la0-glibc-2.40"),
            ],
            deriver: Some(path("2bgd045z0d4icpbc2yyz4gx48ak44la0-hello-2.12.1.drv")),
            content_address: None,
            signatures: vec![key("other-1").sign(b"another text").to_string()],
            path: hello,
        }
    }

    fn nar() -> NarFile {
        NarFile {
            hash: Sha256::of(b"the file"),
            size: 50_184,
        }
    }

    #[test]
    fn a_narinfo_is_what_nix_reads() {
        let bytes = signed(&[key("k-1")], &info().signatures);
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r"
        StorePath: /nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1
        URL: nar/1ir0jzr3019r5y2pwd7z7dxkczqxyca47x2xwz6xs9zphzg5jilr.nar.zst
        Compression: zstd
        FileHash: sha256:1ir0jzr3019r5y2pwd7z7dxkczqxyca47x2xwz6xs9zphzg5jilr
        FileSize: 50184
        NarHash: sha256:0m8w2p9mc7fyn971i547ya6k0x2rz5j17qrg9wvxqlydiczbbhv2
        NarSize: 226560
        References: 00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1 1bgd045z0d4icpbc2yyz4gx48ak44la0-glibc-2.40
        Deriver: 2bgd045z0d4icpbc2yyz4gx48ak44la0-hello-2.12.1.drv
        Sig: k-1:v4rnnZ0AX0txd/DNZbwnv/W5ZZRtvS01CF0WTT4QaCOq/MAFac/E+yJ63WOyDbe5m4si3qUKzecZsvRAp6mABA==
        Sig: other-1:nITiR3Podgn/szzfzbccEhBrbGrPn7CSneFJ9D+ZvKiFW0kpV49PXkgH6TpT31zFYk7Gyh7apyjr7HwlYOLxCg==
        ");
    }

    #[test]
    fn what_could_not_be_read_again_is_refused() {
        let mut info = info();
        let reference = |number: u32| {
            let name = "n".repeat(200);
            StorePath::parse(&format!("/nix/store/{number:032}-{name}")).unwrap()
        };
        info.references = (0..4_500).map(reference).collect();
        let unsigned = Unsigned::of(&info, nar()).unwrap();
        let error = unsigned.signed(&[], &[]).unwrap_err();
        assert_eq!(error.unfit(), Some(&info.path));
        let reason = "it would have 1053398 bytes, and 1048576 are the most";
        assert!(error.to_string().ends_with(reason), "{error}");
    }

    #[test]
    fn a_narinfo_is_read_back() {
        let bytes = signed(&[key("k-1"), key("k-2")], &[]);
        let read = Narinfo::parse("/nix/store", &bytes).unwrap();
        assert_eq!((&read.path, read.nar), (&info().path, nar()));
        assert_eq!(read.references, info().references);
        assert!(read.is_signed_by(&key("k-1").public()));
        assert!(read.is_signed_by(&key("k-2").public()));
        assert!(!read.is_signed_by(&key("k-3").public()));
    }

    #[test]
    fn a_changed_narinfo_is_not_signed() {
        let bytes = signed(&[key("k")], &[]);
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("hello-2.12.1\n", "hello-2.12.2\n"),
            ("226560", "226561"),
            ("glibc-2.40", "glibc-2.41"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let read = Narinfo::parse("/nix/store", changed.as_bytes()).unwrap();
            assert!(!read.is_signed_by(&key("k").public()), "{from}");
        }
    }

    #[test]
    fn what_picket_did_not_write_is_refused() {
        let bytes = signed(&[key("k")], &[]);
        let text = String::from_utf8(bytes).unwrap();
        let without = |field: &str| {
            let lines = text.lines().filter(|line| !line.starts_with(field));
            lines.map(|line| format!("{line}\n")).collect::<String>()
        };
        for bad in [
            without("FileHash"),
            without("FileSize"),
            without("Compression"),
            text.replace("URL: nar/", "URL: ../nar/"),
            text.replace("/nix/store", "/gnu/store"),
            String::new(),
        ] {
            assert!(
                Narinfo::parse("/nix/store", bad.as_bytes()).is_err(),
                "{bad}"
            );
        }
    }
}
