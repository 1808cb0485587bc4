//! Of which pull requests it is to be asked next what upstream makes of them.

use std::cmp::Reverse;

use picket_domain::{Candidate, PrNumber, ReceptionReading, Timestamp};

use super::pace::{ReceptionPace, Urgency};

/// What waits for a decision is read again after this many seconds: CI does not move the time at
/// which GitHub says that a pull request changed.
const AGAIN: i64 = 60 * 60;

/// A pull request of which it may be asked.
pub struct Subject<'a> {
    /// As it is known.
    pub candidate: &'a Candidate,
    /// What came of asking before.
    pub reading: Option<&'a ReceptionReading>,
    /// Whether people are to decide about it.
    pub is_waiting: bool,
}

/// What is to be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// These, now; none where there is nothing to ask for yet.
    pub now: Vec<PrNumber>,
    /// When the next request may be made, where something waits for that.
    pub next: Option<Timestamp>,
    /// How many there are to be asked for.
    pub unread: usize,
}

/// Why one is asked for: what comes first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It was never read.
    Unread,
    /// It changed since.
    Changed,
    /// It was read a while ago.
    Aged,
    /// It will be so soon, and there is room for it.
    Ageing,
}

/// What is to be asked for at this time, the most urgent first. What is soon to be asked for again
/// fills a request up that is made anyway.
pub fn due<'a>(
    subjects: impl Iterator<Item = Subject<'a>>,
    pace: &ReceptionPace,
    now: Timestamp,
) -> Due {
    let reasons = subjects.filter_map(|it| Some((it.reason(now)?, it)));
    let mut all: Vec<_> = reasons.collect();
    all.sort_by_cached_key(|(reason, subject)| (*reason, subject.rank()));
    let count = |until: Reason| all.partition_point(|(reason, _)| *reason <= until);
    let unread = count(Reason::Aged);
    let urgency = if count(Reason::Unread) > pace.at_once() {
        Urgency::Backlog
    } else if count(Reason::Changed) > 0 {
        Urgency::New
    } else {
        Urgency::Aged
    };
    let next = (unread > 0).then(|| pace.next(urgency, now));
    let may_ask = next.is_some_and(|next| next <= now);
    let room = if may_ask { pace.at_once() } else { 0 };
    let asked = all.iter().take(room).map(|(_, it)| it.candidate.pr);
    Due {
        now: asked.collect(),
        next,
        unread,
    }
}

impl Subject<'_> {
    fn reason(&self, now: Timestamp) -> Option<Reason> {
        let Some(reading) = self.reading else {
            return Some(Reason::Unread);
        };
        if reading.of_change < self.candidate.updated_at {
            return Some(Reason::Changed);
        }
        let reception = reading.reception.as_ref();
        let is_of_other = reception.is_some_and(|it| it.head != self.candidate.head);
        let is_to_be_read = self.is_waiting || is_of_other || reading.refused.is_some();
        let age = now.seconds_since(reading.asked_at);
        match age {
            AGAIN.. if is_to_be_read => Some(Reason::Aged),
            age if is_to_be_read && age >= AGAIN / 2 => Some(Reason::Ageing),
            _ => None,
        }
    }

    /// Of what is new the latest change goes first, and of the rest what was read longest ago.
    fn rank(&self) -> (Timestamp, Reverse<Timestamp>) {
        let asked_at = self.reading.map(|it| it.asked_at);
        let is_new = self
            .reading
            .is_none_or(|it| it.of_change < self.candidate.updated_at);
        let asked_at = asked_at.filter(|_| !is_new);
        let asked_at = asked_at.unwrap_or(Timestamp::from_unix(0));
        (asked_at, Reverse(self.candidate.updated_at))
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::{BranchName, CommitSha, Login, Reception, UpstreamState};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

    fn candidate(pr: u64, updated_at: Timestamp) -> Candidate {
        Candidate {
            pr: PrNumber(pr),
            title: String::new(),
            body: String::new(),
            author: Login::parse("author").unwrap(),
            author_id: None,
            head: CommitSha::parse(&"a".repeat(40)).unwrap(),
            base_branch: BranchName::parse("master").unwrap(),
            url: String::new(),
            labels: Vec::new(),
            named: Vec::new(),
            upstream: UpstreamState::Open,
            is_draft: false,
            details: None,
            opened_at: NOW,
            updated_at,
        }
    }

    /// It was read so many seconds ago.
    fn reading(of: &Candidate, seconds: i64) -> ReceptionReading {
        let reception = Reception {
            head: of.head.clone(),
            read_at: NOW,
            reviews: None,
            merged_by: None,
            ci: None,
        };
        ReceptionReading::read(of, reception, NOW.plus_seconds(-seconds))
    }

    fn asked(all: &[(Candidate, Option<ReceptionReading>, bool)], pace: &ReceptionPace) -> Due {
        let subjects = all.iter().map(|(candidate, reading, is_waiting)| Subject {
            candidate,
            reading: reading.as_ref(),
            is_waiting: *is_waiting,
        });
        due(subjects, pace, NOW)
    }

    #[test]
    fn what_is_new_goes_first_and_what_soon_will_be_due_fills_up() {
        let old = NOW.plus_seconds(-90_000);
        let read = |pr: u64, ago: i64, is_waiting: bool| {
            let candidate = candidate(pr, old);
            let reading = reading(&candidate, ago);
            (candidate, Some(reading), is_waiting)
        };
        let mut changed = read(1, 10, false);
        changed.0.updated_at = NOW;
        let mut moved = read(2, AGAIN, false);
        moved.0.head = CommitSha::parse(&"b".repeat(40)).unwrap();
        let unread = (candidate(3, old), None, false);
        let all = [
            changed,
            moved,
            unread,
            read(4, AGAIN + 1, true),
            read(5, AGAIN / 2, true),
            read(6, AGAIN / 2 - 1, true),
            read(7, 9 * AGAIN, false),
        ];
        let due = asked(&all, &ReceptionPace::default());
        assert_eq!(due.now, [3, 1, 4, 2, 5].map(PrNumber));
        assert_eq!(due.unread, 4);
        let none = asked(&all[4..], &ReceptionPace::default());
        assert_eq!((none.now.len(), none.next), (0, None));
    }

    /// A day of 1,000 open candidates, of which one changes every three minutes.
    #[test]
    fn a_thousand_candidates_cost_twenty_requests_an_hour() {
        let mut all: Vec<_> = (1..=1_000).map(|pr| (candidate(pr, NOW), None)).collect();
        let (mut pace, mut made) = (ReceptionPace::default(), Vec::new());
        for second in (0..86_400).step_by(20) {
            let now = NOW.plus_seconds(second);
            if second % 180 == 0 {
                all[second as usize / 180].0.updated_at = now;
            }
            let subjects = all.iter().map(|(candidate, reading)| Subject {
                candidate,
                reading: reading.as_ref(),
                is_waiting: true,
            });
            let due = due(subjects, &pace, now);
            for pr in &due.now {
                let (candidate, reading) = &mut all[pr.0 as usize - 1];
                let read = self::reading(candidate, 0);
                *reading = Some(ReceptionReading {
                    asked_at: now,
                    ..read
                });
            }
            if !due.now.is_empty() {
                pace.begin(now);
                made.push(second / 3_600);
            }
        }
        let of_hour = |hour: i64| made.iter().filter(|it| **it == hour).count();
        assert!(of_hour(0) <= 40, "the first hour reads all of them");
        let most = (1..24).map(of_hour).max().unwrap();
        assert!(most <= 20, "{most}");
        let end = NOW.plus_seconds(86_400);
        let oldest = all
            .iter()
            .map(|(_, it)| it.as_ref().unwrap().asked_at)
            .min();
        let age = end.seconds_since(oldest.unwrap());
        assert!(age < 2 * AGAIN, "{age}");
    }
}
