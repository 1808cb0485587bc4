//! What upstream's binary cache was found to have, remembered from one release to the next.
//!
//! One file in the publisher's records, written whole. Nothing depends on it: what it does not know
//! is asked. Only that a path is there is remembered, and not for ever, as upstream may collect it;
//! what it lacks now it may have a minute later.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::PathBuf;

use picket_domain::{StorePath, Timestamp};
use picket_files::{WorkLock, read_bounded, write_whole};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::{AtPath, PublishError};

/// So many paths are remembered of each cache: several releases' closures.
const PATHS_MAX: usize = 200_000;
/// So many caches fit: as many as there are channels, at most.
const SIZE_MAX: u64 = 512 * 1024 * 1024;
const SECONDS_A_DAY: i64 = 86_400;

/// When each path was last found, by the cache's address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Answers(BTreeMap<Url, BTreeMap<StorePath, Timestamp>>);

/// Where the answers are kept, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct AnswersFile {
    dir: PathBuf,
    days: u32,
}

impl AnswersFile {
    pub(crate) fn in_dir(dir: PathBuf, days: u32) -> Self {
        Self { dir, days }
    }

    /// The paths that a cache was found to have less than so many days ago.
    pub(crate) fn known(
        &self,
        cache: &Url,
        now: Timestamp,
    ) -> Result<HashSet<StorePath>, PublishError> {
        let mut answers = self.load()?;
        let of_cache = answers.0.remove(cache).unwrap_or_default();
        let recent = of_cache.into_iter().filter(|(_, at)| self.counts(*at, now));
        Ok(recent.map(|(path, _)| path).collect())
    }

    /// Adds what was found now. What is too old is forgotten, and the oldest of what is too much.
    pub(crate) fn record(
        &self,
        cache: &Url,
        found: impl IntoIterator<Item = StorePath>,
        now: Timestamp,
    ) -> Result<(), PublishError> {
        let mut found = found.into_iter().peekable();
        if found.peek().is_none() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.dir).at(&self.dir)?;
        let _lock = WorkLock::alone(&self.dir).at(&self.dir)?;
        let mut answers = self.load()?;
        let of_cache = answers.0.entry(cache.clone()).or_default();
        of_cache.extend(found.map(|path| (path, now)));
        for of_cache in answers.0.values_mut() {
            of_cache.retain(|_, at| self.counts(*at, now));
            keep_newest(of_cache, PATHS_MAX);
        }
        answers.0.retain(|_, of_cache| !of_cache.is_empty());
        let path = self.path();
        let bytes = serde_json::to_vec(&answers).map_err(io::Error::other);
        write_whole(&path, &bytes.at(&path)?).at(&path)
    }

    fn counts(&self, at: Timestamp, now: Timestamp) -> bool {
        (0..i64::from(self.days) * SECONDS_A_DAY).contains(&now.seconds_since(at))
    }

    fn path(&self) -> PathBuf {
        self.dir.join("upstream.json")
    }

    /// A file that cannot be understood counts as none.
    fn load(&self) -> Result<Answers, PublishError> {
        let path = self.path();
        let bytes = match read_bounded(&path, SIZE_MAX) {
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => None,
            read => read.at(&path)?,
        };
        let parsed = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(parsed.unwrap_or_default())
    }
}

fn keep_newest(of_cache: &mut BTreeMap<StorePath, Timestamp>, most: usize) {
    if of_cache.len() <= most {
        return;
    }
    let mut by_age: Vec<_> = std::mem::take(of_cache).into_iter().collect();
    by_age.sort_by(|(_, one), (_, other)| other.cmp(one));
    by_age.truncate(most);
    *of_cache = by_age.into_iter().collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = SECONDS_A_DAY;
    const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);

    fn path(n: u8) -> StorePath {
        let hash = char::from(b'0' + n).to_string().repeat(32);
        StorePath::parse(&format!("/nix/store/{hash}-x")).unwrap()
    }

    fn cache(name: &str) -> Url {
        Url::parse(&format!("https://{name}.example/")).unwrap()
    }

    #[test]
    fn answers_count_for_some_days_and_for_their_cache() {
        let dir = tempfile::tempdir().unwrap();
        let answers = AnswersFile::in_dir(dir.path().join("records"), 14);
        assert!(answers.known(&cache("a"), NOW).unwrap().is_empty());
        answers.record(&cache("a"), [path(0)], NOW).unwrap();
        let later = NOW.plus_seconds(7 * DAY);
        answers.record(&cache("a"), [path(1)], later).unwrap();
        let known = |of: &str, days: i64| {
            let known = answers.known(&cache(of), NOW.plus_seconds(days * DAY));
            let mut known: Vec<_> = known.unwrap().into_iter().collect();
            known.sort();
            known
        };
        assert_eq!(known("a", 13), [path(0), path(1)]);
        assert_eq!(known("a", 14), [path(1)]);
        assert_eq!(known("a", 21), []);
        assert_eq!(known("a", -1), [], "the clock was wrong");
        assert_eq!(known("b", 13), []);
        std::fs::write(answers.path(), "{\"torn").unwrap();
        assert_eq!(known("a", 13), []);
        answers.record(&cache("b"), [path(2)], later).unwrap();
        assert_eq!(known("b", 13), [path(2)]);
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let at = |n: u8| (path(n), NOW.plus_seconds(i64::from(n)));
        let mut of_cache: BTreeMap<_, _> = (0..5).map(at).collect();
        keep_newest(&mut of_cache, 2);
        assert_eq!(of_cache, [at(3), at(4)].into());
    }
}
