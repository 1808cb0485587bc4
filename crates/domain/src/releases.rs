//! A channel's releases, by number and by what is in them.

use std::sync::Arc;

use crate::id::{PrNumber, ReleaseSeq};
use crate::release::Release;
use crate::shared::SharedMap;

/// The releases of one channel. Copies are cheap, and share their releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Releases {
    by_seq: SharedMap<ReleaseSeq, Arc<Release>>,
    /// The releases that a pull request is in, by number; what is in a release never changes.
    with: SharedMap<PrNumber, Arc<Vec<ReleaseSeq>>>,
}

impl Releases {
    /// Takes a release in, in place of what was known of it.
    pub fn insert(&mut self, release: Release) {
        let seq = release.seq;
        let prs: Vec<_> = release.picks.iter().map(|pick| pick.pr).collect();
        if self.by_seq.insert(seq, Arc::new(release)).is_some() {
            return;
        }
        for pr in prs {
            let with = Arc::make_mut(self.with.entry(pr).or_default());
            if let Err(at) = with.binary_search(&seq) {
                with.insert(at, seq);
            }
        }
    }

    /// The release of this number.
    pub fn get(&self, seq: ReleaseSeq) -> Option<&Release> {
        self.by_seq.get(&seq).map(Arc::as_ref)
    }

    /// All releases, by number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.by_seq.values().map(Arc::as_ref)
    }

    /// The releases that a pull request is in, by number.
    pub fn with(&self, pr: PrNumber) -> impl DoubleEndedIterator<Item = &Release> {
        let with = self.with.get(&pr).map(Arc::as_ref).into_iter().flatten();
        with.filter_map(|seq| self.get(*seq))
    }

    /// The one that clients get: the last published one.
    pub fn current(&self) -> Option<&Release> {
        let mut newest_first = self.iter().rev();
        newest_first.find(|release| release.published_at().is_some())
    }

    /// The one of the highest number.
    pub fn last(&self) -> Option<&Release> {
        self.iter().next_back()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_seq.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_seq.is_empty()
    }
}

impl FromIterator<Release> for Releases {
    fn from_iter<I: IntoIterator<Item = Release>>(releases: I) -> Self {
        let mut all = Self::default();
        releases.into_iter().for_each(|release| all.insert(release));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{base, channel, sha};
    use crate::{Form, ReleaseName, ReleaseState, ReleasedPick, Timestamp};

    fn release(seq: u64, prs: &[u64], state: ReleaseState) -> Release {
        let (base, rev) = (base("base", 1), sha(&format!("release {seq}")));
        let pick = |pr: &u64| ReleasedPick {
            pr: PrNumber(*pr),
            head: sha("head"),
            form: Form::AsIs,
        };
        Release {
            channel: channel(),
            seq: ReleaseSeq(seq),
            name: ReleaseName::of(&base, ReleaseSeq(seq), &rev).unwrap(),
            base,
            tip: sha("tip"),
            rev,
            picks: prs.iter().map(pick).collect(),
            reserved_at: Timestamp::from_unix(0),
            state,
        }
    }

    fn published(seconds: i64) -> ReleaseState {
        ReleaseState::Published {
            at: Timestamp::from_unix(seconds),
        }
    }

    fn seqs<'a>(releases: impl Iterator<Item = &'a Release>) -> Vec<u64> {
        releases.map(|release| release.seq.0).collect()
    }

    #[test]
    fn releases_are_found_by_what_is_in_them() {
        let releases: Releases = [
            release(2, &[7, 8], ReleaseState::Reserved),
            release(1, &[7], published(1)),
        ]
        .into_iter()
        .collect();
        assert_eq!(seqs(releases.iter()), [1, 2]);
        assert_eq!(seqs(releases.with(PrNumber(7))), [1, 2]);
        assert_eq!(seqs(releases.with(PrNumber(8))), [2]);
        assert_eq!(releases.with(PrNumber(9)).count(), 0);
        assert_eq!(releases.current().unwrap().seq, ReleaseSeq(1));
    }

    #[test]
    fn a_release_that_goes_on_takes_its_own_place() {
        let mut releases: Releases = [release(1, &[7], ReleaseState::Reserved)]
            .into_iter()
            .collect();
        let before = releases.clone();
        releases.insert(release(1, &[7], published(1)));
        assert_eq!(
            (releases.len(), seqs(releases.with(PrNumber(7)))),
            (1, vec![1])
        );
        assert_eq!(releases.current(), releases.last());
        assert_eq!(before.current(), None);
    }
}
