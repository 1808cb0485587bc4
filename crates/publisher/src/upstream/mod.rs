//! What upstream's binary cache has, and we therefore do not publish.
//!
//! Upstream is asked for what is new: its list is fetched where it is another one by now, and a path
//! that it was found to have counts as there for some days.

pub(crate) mod answers;
pub(crate) mod list;

use std::collections::HashSet;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use picket_domain::{PathInfo, ReleaseName, StorePath, Timestamp};
use url::Url;

use crate::cache_file::CacheFile;
use crate::error::PublishError;
use crate::http::{self, HttpError};
use crate::narinfo;
use crate::parallel::blocking;
use crate::publisher::Publisher;
use crate::source::Source;

use self::list::StorePathList;

/// Requests under way at the same time.
const CONCURRENCY: usize = 16;

impl From<HttpError> for PublishError {
    fn from(HttpError { url, reason }: HttpError) -> Self {
        Self::Upstream { url, reason }
    }
}

/// The binary cache that clients have besides ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamCache {
    /// Its address: `http`, `https` or `file`.
    pub url: Url,
    /// A `store-paths.xz` of what it is known to have, to save a request for each path.
    pub store_paths: Option<Url>,
}

/// The paths of a closure that upstream's binary cache has.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    present: HashSet<StorePath>,
    release: Option<ReleaseName>,
}

impl Upstream {
    /// An upstream that has nothing: everything is ours to publish.
    pub fn none() -> Self {
        Self::default()
    }

    /// An upstream that has these paths.
    pub fn of(paths: impl IntoIterator<Item = StorePath>) -> Self {
        let present = paths.into_iter().collect();
        let release = None;
        Self { present, release }
    }

    /// The official release whose list was read, where its address tells.
    pub(crate) fn release(&self) -> Option<&ReleaseName> {
        self.release.as_ref()
    }

    /// Whether upstream has this path.
    pub fn has(&self, path: &StorePath) -> bool {
        self.present.contains(path)
    }
}

impl Publisher {
    /// Finds out which paths of a closure upstream has: those that its list names, and of the others
    /// those whose narinfo its cache hands out now, or did less than
    /// [`crate::CacheSettings::upstream_days`] days ago.
    ///
    /// # Errors
    /// Where the cache cannot be asked, or its list not be had: that is no answer, and publishing a
    /// path that upstream has would give clients two different contents for it.
    pub async fn upstream(
        &self,
        cache: &UpstreamCache,
        closure: &[PathInfo],
        now: Timestamp,
    ) -> Result<Upstream, PublishError> {
        let list = match &cache.store_paths {
            Some(url) => self.lists.fetch(url).await?,
            None => StorePathList::default(),
        };
        let paths = closure.iter().flat_map(|info| {
            let path = std::iter::once(&info.path);
            path.chain(&info.references)
        });
        let (mut present, others): (HashSet<_>, HashSet<_>) =
            paths.cloned().partition(|path| list.has(path));
        if !others.is_empty() {
            present.extend(self.in_cache(&cache.url, others, now).await?);
        }
        let release = list.release().cloned();
        Ok(Upstream { present, release })
    }

    /// Those of some paths that upstream is known to have: its list names them, or its cache was found to
    /// have them less than [`crate::CacheSettings::upstream_days`] days ago. It is not asked for any.
    ///
    /// # Errors
    /// Where the list cannot be had.
    pub async fn known_upstream(
        &self,
        cache: &UpstreamCache,
        paths: Vec<StorePath>,
        now: Timestamp,
    ) -> Result<Vec<StorePath>, PublishError> {
        if paths.is_empty() {
            return Ok(paths);
        }
        let list = match &cache.store_paths {
            Some(url) => self.lists.fetch(url).await?,
            None => StorePathList::default(),
        };
        let (answers, of) = (self.answers.clone(), cache.url.clone());
        let found = blocking(move || answers.known(&of, now)).await?;
        let known = |path: &StorePath| list.has(path) || found.contains(path);
        Ok(paths.into_iter().filter(known).collect())
    }

    /// Those that the cache has, as far as is remembered, or else by its own word.
    async fn in_cache(
        &self,
        cache: &Url,
        paths: HashSet<StorePath>,
        now: Timestamp,
    ) -> Result<HashSet<StorePath>, PublishError> {
        let (answers, of) = (self.answers.clone(), cache.clone());
        let known = blocking(move || answers.known(&of, now)).await?;
        let (mut present, unknown): (HashSet<_>, HashSet<_>) =
            paths.into_iter().partition(|path| known.contains(path));
        let mut found = Vec::new();
        let asked = ask(cache, &unknown, &mut found).await;
        // What was answered before an error need not be asked again.
        let (answers, of) = (self.answers.clone(), cache.clone());
        present.extend(found.iter().cloned());
        blocking(move || answers.record(&of, found, now)).await?;
        asked?;
        Ok(present)
    }
}

/// Asks a cache for each of some paths, and adds those that it has.
async fn ask(
    cache: &Url,
    paths: &HashSet<StorePath>,
    found: &mut Vec<StorePath>,
) -> Result<(), PublishError> {
    let source = Source::of(cache)?;
    // Boxed before they are streamed: otherwise a caller that spawns this future is told
    // that it is not general enough to be sent.
    let asking: Vec<_> = paths
        .iter()
        .map(|path| in_cache(&source, cache, path).boxed())
        .collect();
    let mut answers = stream::iter(asking).buffer_unordered(CONCURRENCY);
    while let Some(answer) = answers.try_next().await? {
        found.extend(answer.cloned());
    }
    Ok(())
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
