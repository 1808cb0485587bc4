//! The store paths in the binary cache.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, stream};
use picket_domain::StorePath;
use url::Url;

use super::Verification;
use super::content;
use super::report::DAMAGED;
use crate::cache_file::CacheFile;
use crate::http::{self, HttpError};
use crate::key::PublicKey;
use crate::manifest::{FileDigest, Manifest, PublishedPath};
use crate::narinfo::{self, Narinfo};
use crate::source::Source;

/// Store paths that are looked at together: hashing is what takes the time.
const CONCURRENCY: usize = 4;

/// What is needed to look at a store path.
struct Looking<'a> {
    source: &'a Source,
    cache: &'a Url,
    keys: &'a [PublicKey],
    /// Everything that may be referred to.
    known: BTreeSet<&'a StorePath>,
}

impl Verification<'_> {
    pub(super) async fn store_paths(&mut self, manifest: &Manifest) {
        let cache = self
            .place
            .cache
            .as_ref()
            .unwrap_or(&manifest.binary_cache_url);
        let ours = manifest.store_paths.iter().map(|it| &it.path);
        let looking = Looking {
            source: &self.source,
            cache,
            keys: self.terms.keys,
            known: ours.chain(&manifest.upstream_references).collect(),
        };
        let info = looking.cache_info(manifest).await;
        // Boxed before they are streamed, so that callers can spawn the whole.
        let paths: Vec<_> = manifest
            .store_paths
            .iter()
            .map(|path| looking.at(path).boxed())
            .collect();
        let outcomes: Vec<_> = stream::iter(paths).buffered(CONCURRENCY).collect().await;
        if let Err(error) = info {
            self.report.error(&error);
        }
        for outcome in outcomes {
            match outcome {
                Ok(bytes) => {
                    self.report.store_paths += 1;
                    self.report.bytes += bytes;
                }
                Err(error) => self.report.error(&error),
            }
        }
    }
}

impl Looking<'_> {
    /// Clients refuse a cache whose store is in another folder than theirs.
    async fn cache_info(&self, manifest: &Manifest) -> Result<(), HttpError> {
        let (url, content) = self.read(&CacheFile::Info).await?;
        let content = String::from_utf8_lossy(&content).into_owned();
        let mut lines = content.lines();
        let store_dir = lines.find_map(|line| line.strip_prefix("StoreDir: "));
        let expected = manifest.store_paths.first().map(|it| it.path.store_dir());
        if expected.is_none() || store_dir == expected {
            return Ok(());
        }
        let reason = format!(
            "its StoreDir is {}, the release's paths are in {}",
            store_dir.unwrap_or("missing"),
            expected.unwrap_or_default()
        );
        Err(HttpError::new(&url, reason))
    }

    /// Looks at one store path, and returns how many bytes were read for it.
    async fn at(&self, expected: &PublishedPath) -> Result<u64, HttpError> {
        let path = &expected.path;
        let (url, content) = self.read(&CacheFile::narinfo_of(path)).await?;
        let problem = |reason: String| HttpError::new(&url, reason);
        let narinfo = Narinfo::parse(path.store_dir(), &content).map_err(problem)?;
        if !self.keys.iter().any(|key| narinfo.is_signed_by(key)) {
            return Err(problem(format!(
                "the narinfo of {path} is not signed by a trusted key"
            )));
        }
        let says = (&narinfo.path, narinfo.nar_hash, narinfo.nar_size);
        if says != (path, expected.nar_hash, expected.nar_size) {
            return Err(problem(format!(
                "not the {path} that release.json describes"
            )));
        }
        if let Some(missing) = narinfo
            .references
            .iter()
            .find(|it| !self.known.contains(it))
        {
            return Err(problem(format!(
                "{path} refers to {missing}, which cannot be had"
            )));
        }
        let nar = self.nar(&narinfo).await?;
        tracing::debug!(target: "picket::progress", %path, "verified {}", path.name());
        Ok(content.len() as u64 + nar)
    }

    async fn nar(&self, narinfo: &Narinfo) -> Result<u64, HttpError> {
        let url = http::below(self.cache, &narinfo.nar.file().to_string())?;
        let problem =
            |what: &str| HttpError::new(&url, format!("the NAR of {} {what}", narinfo.path));
        let body = self.source.open(&url).await?;
        let body = body.ok_or_else(|| problem("is missing"))?;
        let size = narinfo.nar_size;
        let found = body.consume(move |it| content::nar(it, size)).await?;
        let file = found.file;
        if file
            != (FileDigest {
                sha256: narinfo.nar.hash,
                size: narinfo.nar.size,
            })
        {
            return Err(problem(&format!(
                "is not the file that its narinfo describes: {DAMAGED}"
            )));
        }
        let signed = FileDigest {
            sha256: narinfo.nar_hash,
            size,
        };
        match found.content {
            Ok(nar) if nar == signed => Ok(file.size),
            Ok(_) => Err(problem("does not unpack to what was signed")),
            Err(error) => Err(problem(&format!("cannot be unpacked ({error}): {DAMAGED}"))),
        }
    }

    async fn read(&self, file: &CacheFile) -> Result<(Url, Vec<u8>), HttpError> {
        let url = http::below(self.cache, &file.to_string())?;
        match self.source.read(&url, narinfo::SIZE_MAX).await? {
            Some(content) => Ok((url, content)),
            None => Err(HttpError::new(&url, "there is no such file")),
        }
    }
}
