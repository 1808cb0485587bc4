//! What is to be asked for next.

use picket_domain::{PrNumber, Timestamp};

use crate::cursor::{Cursor, Label, LookBack};
use crate::walk::Walk;

/// Each look at the changes goes back this many seconds behind the cursor, for replicas that lag
/// behind.
pub(crate) const OVERLAP: i64 = 10 * 60;
/// The first sweep looks for labelled pull requests that were merged or closed in the last 30 days:
/// the stable channel may not have them yet.
const LOOK_BACK: i64 = 30 * 24 * 60 * 60;
/// What is of interest without the label is looked for among what changed in the last week.
const LOOK_BACK_UNLABELLED: i64 = 7 * 24 * 60 * 60;
/// How often the labelled ones that changed lately are listed, in seconds; and how often it is tried
/// to list all open ones where there seem to be none.
const SWEEP_EVERY: i64 = 60 * 60;
/// How often all open labelled ones are listed, in seconds.
const SWEEP_WHOLE_EVERY: i64 = 24 * 60 * 60;
/// More than so many are looked for in lists. One by one they cost a request each, and those that
/// are open cost GitHub a test merge.
const ONE_BY_ONE: usize = 3;
/// So many are asked for by themselves in one look, and the rest in the next ones.
const ALONE_AT_MOST: u32 = 20;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// The page that the list under way is at.
    Page,
    /// Whether the repository has the label.
    Label,
    /// One pull request by its number.
    One(PrNumber),
}

impl Cursor {
    /// Begins another look at what changed, unless something is under way; and once, where that is
    /// wanted, at what changed before the first one.
    pub(crate) fn begin(&mut self, looks_back: bool) {
        self.asked_for = 0;
        if looks_back && self.look_back == LookBack::NotWanted {
            self.look_back = LookBack::Due;
        }
        let until = self.read_to.map(|at| at.plus_seconds(-OVERLAP));
        self.under_way.get_or_insert_with(|| Walk::changes(until));
    }

    /// What is to be asked for next; nothing where all was. Where requests are scarce, only what is
    /// under way is.
    pub(crate) fn next(&mut self, now: Timestamp, is_scarce: bool) -> Option<Task> {
        if self.under_way.is_none() && !is_scarce {
            self.under_way = self
                .sweep(now)
                .or_else(|| self.rows())
                .or_else(|| self.recent(now));
        }
        if self.under_way.is_some() {
            return Some(Task::Page);
        }
        if self.label == Label::Doubtful && !is_scarce {
            return Some(Task::Label);
        }
        let mut due = self.wanted.iter().filter(|(_, it)| it.next_try <= now);
        let may_ask = !is_scarce && self.asked_for < ALONE_AT_MOST;
        let next = due.next().map(|(number, _)| *number).filter(|_| may_ask)?;
        self.asked_for += 1;
        Some(Task::One(next))
    }

    fn sweep(&self, now: Timestamp) -> Option<Walk> {
        let age = |at: Option<Timestamp>| at.map_or(i64::MAX, |at| now.seconds_since(at));
        if age(self.swept) >= SWEEP_EVERY {
            let since = self.swept.map_or_else(
                || now.plus_seconds(-LOOK_BACK),
                |at| at.plus_seconds(-SWEEP_EVERY),
            );
            return Some(Walk::labelled_since(now, since));
        }
        let is_whole_due = age(self.swept_whole) >= SWEEP_WHOLE_EVERY;
        // Where it showed none, at every hour: right after the hour's other sweep.
        let was_begun = age(self.swept_whole_try) < SWEEP_EVERY;
        (is_whole_due && !was_begun).then(|| Walk::labelled(now))
    }

    fn recent(&self, now: Timestamp) -> Option<Walk> {
        let until = now.plus_seconds(-LOOK_BACK_UNLABELLED);
        (self.look_back == LookBack::Due).then(|| Walk::recent(until))
    }

    /// The lists of rows, where enough is looked for in them.
    fn rows(&self) -> Option<Walk> {
        let of = |open: bool| {
            let wanted = self.wanted.values();
            let wanted = wanted.filter(|it| it.is_open == Some(open) && !it.is_in_no_list);
            let times: Vec<_> = wanted.filter_map(|it| it.updated_at).collect();
            let oldest = times.iter().min().filter(|_| times.len() > ONE_BY_ONE)?;
            Some(Walk::rows(open, oldest.plus_seconds(-OVERLAP)))
        };
        of(true).or_else(|| of(false))
    }

    /// A list was read to its end, or as far as it is of interest.
    pub(crate) fn finished(&mut self, walk: Walk) {
        match walk {
            // Where nothing has a time, there is none: the next look is a first one again.
            Walk::Changes { newest, .. } => self.read_to = self.read_to.max(newest),
            Walk::LabelledSince { begun, .. } => self.swept = Some(begun),
            Walk::Labelled { begun, seen, .. } => {
                self.swept_whole_try = Some(begun);
                // An index that is being made anew shows nothing, and nothing has a renamed label.
                if seen.is_empty() {
                    self.label = Label::Doubtful;
                } else {
                    self.swept_whole = Some(begun);
                    self.label = Label::Known;
                }
            }
            Walk::Recent { .. } => self.look_back = LookBack::Done,
            Walk::Rows { open, .. } => {
                let wanted = self.wanted.values_mut();
                wanted
                    .filter(|it| it.is_open == Some(open))
                    .for_each(|it| it.is_in_no_list = true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wanted::{Wanted, want};

    const NOW: Timestamp = Timestamp::from_unix(1_795_000_000);

    /// The lists that are read until there is nothing left to do, each found to be empty.
    fn lists(cursor: &mut Cursor, now: Timestamp) -> Vec<String> {
        let mut lists = Vec::new();
        while let Some(Task::Page) = cursor.next(now, false) {
            let walk = cursor.under_way.take().unwrap();
            lists.push(walk.route("L").split('&').next().unwrap().to_owned());
            cursor.finished(walk);
        }
        lists
    }

    #[test]
    fn the_first_time_all_is_swept_and_then_by_the_hour() {
        let mut cursor = Cursor::default();
        cursor.begin(false);
        let first = ["pulls?state=all", "issues?labels=L", "issues?labels=L"];
        assert_eq!(lists(&mut cursor, NOW), first);
        cursor.begin(false);
        assert_eq!(lists(&mut cursor, NOW.plus_seconds(60)), first[..1]);
        // It showed none, and is tried again.
        assert_eq!(cursor.next(NOW, false), Some(Task::Label));
        cursor.label = Label::Known;
        let next = NOW.plus_seconds(SWEEP_EVERY);
        assert_eq!(lists(&mut cursor, next), first[1..]);
        cursor.swept_whole = Some(next);
        let next = next.plus_seconds(SWEEP_EVERY);
        assert_eq!(lists(&mut cursor, next), first[1..2]);
    }

    #[test]
    fn what_changed_before_is_looked_at_once_after_all_that_has_the_label() {
        let mut cursor = Cursor::default();
        cursor.begin(true);
        let mut all = lists(&mut cursor, NOW);
        assert_eq!(all.pop().as_deref(), Some("pulls?state=all"));
        assert_eq!(all.len(), 3);
        cursor.label = Label::Known;
        cursor.begin(true);
        assert_eq!(
            lists(&mut cursor, NOW.plus_seconds(60)),
            ["pulls?state=all"]
        );
    }

    #[test]
    fn many_are_looked_for_in_lists_and_few_by_themselves() {
        let mut cursor = Cursor {
            swept: Some(NOW),
            swept_whole: Some(NOW),
            ..Cursor::default()
        };
        for number in 1..=4 {
            let wanted = Wanted::new(Some(NOW), Some(true));
            cursor.wanted.insert(PrNumber(number), wanted);
        }
        for number in [1, 9] {
            want(&mut cursor.wanted, PrNumber(number), None, None);
        }
        assert_eq!(lists(&mut cursor, NOW), ["pulls?state=open"]);
        assert_eq!(cursor.next(NOW, false), Some(Task::One(PrNumber(1))));
        cursor.wanted.retain(|number, _| *number == PrNumber(9));
        assert_eq!(cursor.next(NOW, false), Some(Task::One(PrNumber(9))));
        assert_eq!(cursor.next(NOW, true), None, "requests are scarce");
        cursor.asked_for = 0;
        let asked = (0..100).take_while(|_| cursor.next(NOW, false).is_some());
        assert_eq!(asked.count(), 20, "no more in one look");
        cursor.begin(false);
        cursor.under_way = None;
        assert!(cursor.next(NOW, false).is_some(), "the next look goes on");
    }
}
