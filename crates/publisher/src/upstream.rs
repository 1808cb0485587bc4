//! What upstream's binary cache has, and we therefore do not publish.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read};

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use picket_domain::{PathInfo, StorePath};
use url::Url;

use crate::cache_file::CacheFile;
use crate::error::PublishError;
use crate::http::{self, HttpError};
use crate::narinfo;
use crate::source::Source;

/// A channel release's list is some megabytes long, a few hundred kilobytes compressed.
const COMPRESSED_MAX: u64 = 64 * 1024 * 1024;
const LIST_MAX: u64 = 256 * 1024 * 1024;
/// The memory that decompressing may take, in bytes: enough for `xz -9`.
const XZ_MEMORY: u64 = 128 * 1024 * 1024;
/// Requests under way at the same time.
const CONCURRENCY: usize = 16;

impl From<HttpError> for PublishError {
    fn from(HttpError { url, reason }: HttpError) -> Self {
        Self::Upstream { url, reason }
    }
}

/// The store paths that an official release lists in its `store-paths.xz`: those that were built
/// for it, and are in its binary cache.
#[derive(Debug, Clone, Default)]
pub struct StorePathList(HashSet<StorePath>);

impl StorePathList {
    /// Reads a `store-paths.xz`. `origin` is for the error.
    ///
    /// # Errors
    /// Where it is not such a file, or unpacks to more than 256 MiB.
    pub fn read(xz: impl Read, origin: &str) -> Result<Self, PublishError> {
        let broken = |reason: String| PublishError::Upstream {
            url: origin.to_owned(),
            reason: format!("not a list of store paths: {reason}"),
        };
        let text = xz_decoder(xz.take(COMPRESSED_MAX)).map_err(|it| broken(it.to_string()))?;
        let mut text = text.take(LIST_MAX);
        let mut paths = HashSet::new();
        for line in BufReader::new(&mut text).lines() {
            let line = line.map_err(|error| broken(error.to_string()))?;
            let path = StorePath::parse(&line).map_err(|error| broken(error.to_string()))?;
            paths.insert(path);
        }
        if text.limit() == 0 {
            return Err(broken(format!("it unpacks to more than {LIST_MAX} bytes")));
        }
        Ok(Self(paths))
    }

    /// Gets a `store-paths.xz` over HTTP, or from a `file://` address.
    ///
    /// # Errors
    /// Where it cannot be had or is not such a file. That it is not there is an error too.
    pub async fn fetch(url: &Url) -> Result<Self, PublishError> {
        let absent = || HttpError::new(url, "there is no such file");
        let xz = Source::of(url)?.read(url, COMPRESSED_MAX).await?;
        Self::read(xz.ok_or_else(absent)?.as_slice(), url.as_str())
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The paths of a closure that upstream's binary cache has.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    present: HashSet<StorePath>,
}

impl Upstream {
    /// An upstream that has nothing: everything is ours to publish.
    pub fn none() -> Self {
        Self::default()
    }

    /// An upstream that has these paths.
    pub fn of(paths: impl IntoIterator<Item = StorePath>) -> Self {
        let present = paths.into_iter().collect();
        Self { present }
    }

    /// Finds out which paths of a closure upstream has: those that the list names, and of the others
    /// those whose narinfo its cache (`http`, `https` or `file`) hands out now.
    ///
    /// # Errors
    /// Where the cache cannot be asked: that is no answer, and publishing a path that upstream has
    /// would give clients two different contents for it.
    pub async fn find(
        list: &StorePathList,
        cache: Option<&Url>,
        closure: &[PathInfo],
    ) -> Result<Self, PublishError> {
        let paths = closure.iter().flat_map(|info| {
            let path = std::iter::once(&info.path);
            path.chain(&info.references)
        });
        let (listed, others): (HashSet<_>, HashSet<_>) =
            paths.cloned().partition(|path| list.0.contains(path));
        let mut present = listed;
        if let Some(cache) = cache
            && !others.is_empty()
        {
            let source = Source::of(cache)?;
            // Boxed before they are streamed: otherwise a caller that spawns this future is told
            // that it is not general enough to be sent.
            let asking: Vec<_> = others
                .iter()
                .map(|path| in_cache(&source, cache, path).boxed())
                .collect();
            let mut answers = stream::iter(asking).buffer_unordered(CONCURRENCY);
            while let Some(answer) = answers.try_next().await? {
                present.extend(answer.cloned());
            }
        }
        Ok(Self { present })
    }

    /// Whether upstream has this path.
    pub fn has(&self, path: &StorePath) -> bool {
        self.present.contains(path)
    }
}

/// Decompresses an .xz file to its end, in bounded memory.
pub(crate) fn xz_decoder<R: Read>(xz: R) -> io::Result<XzDecoder<BufReader<R>>> {
    let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
    Ok(XzDecoder::new_stream(BufReader::new(xz), stream))
}

/// The path, if the cache has a narinfo that says so.
async fn in_cache<'a>(
    source: &Source,
    cache: &Url,
    path: &'a StorePath,
) -> Result<Option<&'a StorePath>, HttpError> {
    let url = http::below(cache, &CacheFile::narinfo_of(path).to_string())?;
    let Some(narinfo) = source.read(&url, narinfo::SIZE_MAX).await? else {
        return Ok(None);
    };
    let line = format!("StorePath: {path}");
    let names_it = narinfo
        .split(|byte| *byte == b'\n')
        .any(|it| it == line.as_bytes());
    if names_it {
        Ok(Some(path))
    } else {
        let reason = format!("a narinfo, but not that of {path}");
        Err(HttpError::new(&url, reason))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const HELLO: &str = "/nix/store/00bgd045z0d4icpbc2yyz4gx48ak44la-hello-2.12.1";

    fn xz(text: &str) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_list_is_read() {
        let list = StorePathList::read(&xz(&format!("{HELLO}\n"))[..], "here").unwrap();
        assert_eq!(list.len(), 1);
        assert!(StorePathList::read(&xz("")[..], "here").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let both = [xz(&format!("{HELLO}\n")), xz("a line\n")].concat();
        let truncated = &xz(&format!("{HELLO}\n"))[..40];
        for bad in [&b"<html>404</html>"[..], &xz("a line\n"), &both, truncated] {
            let error = StorePathList::read(bad, "http://here/x").unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("upstream at http://here/x: not a list")
            );
        }
    }
}
