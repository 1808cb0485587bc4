//! Which releases have been kept long enough.

use std::collections::BTreeMap;

use picket_domain::{ChannelName, ReleaseName, ReleaseSeq, Timestamp};

const SECONDS_A_DAY: i64 = 86_400;

/// How long releases and store paths are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// A release is kept for so many days after the next one took its place.
    pub keep_days: u32,
    /// The newest so many published releases of a channel are kept, however old.
    pub keep_releases: usize,
    /// A store path is kept for so many days after the last release that needs it: no fewer than
    /// the 30 for which clients remember what a cache has.
    pub path_days: u32,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            keep_days: 90,
            keep_releases: 10,
            path_days: 30,
        }
    }
}

/// A release, as the caller's records know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// Its channel.
    pub channel: ChannelName,
    /// Its name.
    pub name: ReleaseName,
    /// Its place in the channel.
    pub seq: ReleaseSeq,
    /// How far it is.
    pub state: RecordState,
}

/// How far a release is, as far as keeping it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordState {
    /// It is being made, or was given up: [`crate::Publisher::sweep`] looks after those.
    NotPublished,
    /// It became current at this time.
    Published(Timestamp),
}

impl RetentionPolicy {
    /// A path goes with the last release that needs it, so none goes before the path may.
    fn release_seconds(&self) -> i64 {
        i64::from(self.keep_days.max(self.path_days)) * SECONDS_A_DAY
    }

    /// Whether what was last needed at that time may go.
    pub(super) fn path_is_old(&self, last_needed: Timestamp, now: Timestamp) -> bool {
        now.seconds_since(last_needed) > i64::from(self.path_days) * SECONDS_A_DAY
    }

    /// The releases that go, with the time at which the next one took their place.
    pub(super) fn outlived<'a>(
        &self,
        records: &'a [ReleaseRecord],
        now: Timestamp,
    ) -> Vec<(&'a ReleaseRecord, Timestamp)> {
        let mut channels: BTreeMap<&ChannelName, Vec<(&ReleaseRecord, Timestamp)>> =
            BTreeMap::new();
        for record in records {
            if let RecordState::Published(at) = record.state {
                channels
                    .entry(&record.channel)
                    .or_default()
                    .push((record, at));
            }
        }
        let mut outlived = Vec::new();
        for mut published in channels.into_values() {
            published.sort_by_key(|(record, _)| std::cmp::Reverse(record.seq));
            let superseded = published.iter().skip(1).zip(&published);
            let superseded = superseded.map(|((record, _), (_, next_at))| (*record, *next_at));
            let kept = self.keep_releases.saturating_sub(1);
            let old = superseded
                .skip(kept)
                .filter(|(_, at)| now.seconds_since(*at) > self.release_seconds());
            outlived.extend(old);
        }
        outlived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = SECONDS_A_DAY;

    /// Release `seq` was published on the day of this number.
    fn record(channel: &str, seq: u64, day: Option<i64>) -> ReleaseRecord {
        ReleaseRecord {
            channel: ChannelName::parse(channel).unwrap(),
            name: ReleaseName::parse(&format!("nixos-26.05.1.{seq}.abc")).unwrap(),
            seq: ReleaseSeq(seq),
            state: day.map_or(RecordState::NotPublished, |day| {
                RecordState::Published(Timestamp::from_unix(day * DAY))
            }),
        }
    }

    fn outlived(policy: RetentionPolicy, records: &[ReleaseRecord], day: i64) -> Vec<u64> {
        let outlived = policy.outlived(records, Timestamp::from_unix(day * DAY));
        outlived.iter().map(|(record, _)| record.seq.0).collect()
    }

    #[test]
    fn a_release_outlives_its_days_after_the_next_one() {
        let policy = RetentionPolicy {
            keep_days: 60,
            keep_releases: 1,
            path_days: 30,
        };
        let records = [
            record("a", 1, Some(0)),
            record("a", 2, None),
            record("a", 3, Some(100)),
            record("a", 4, Some(110)),
            record("a", 5, None),
            record("b", 1, Some(0)),
        ];
        assert!(outlived(policy, &records, 160).is_empty());
        assert_eq!(outlived(policy, &records, 161), [1]);
        assert_eq!(outlived(policy, &records, 1000), [3, 1]);
        let three = RetentionPolicy {
            keep_releases: 3,
            ..policy
        };
        assert!(outlived(three, &records, 1000).is_empty());
    }

    #[test]
    fn the_current_release_stays_whatever_the_policy_says() {
        let nothing = RetentionPolicy {
            keep_days: 0,
            keep_releases: 0,
            path_days: 0,
        };
        let records = [record("a", 1, Some(0)), record("a", 2, Some(1))];
        assert_eq!(outlived(nothing, &records, 1000), [1]);
    }

    #[test]
    fn no_release_goes_before_its_paths_may() {
        let hasty = RetentionPolicy {
            keep_days: 1,
            keep_releases: 1,
            path_days: 30,
        };
        let records = [record("a", 1, Some(0)), record("a", 2, Some(1))];
        assert!(outlived(hasty, &records, 31).is_empty());
        assert_eq!(outlived(hasty, &records, 32), [1]);
    }
}
