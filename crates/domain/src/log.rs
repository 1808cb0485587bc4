//! A channel's part of the audit log, by pull request.

use std::sync::{Arc, LazyLock};

use crate::audit::{Action, Entry};
use crate::build_word::BuildWord;
use crate::chosen_forms::Forms;
use crate::dismissal::Dismissal;
use crate::form::Form;
use crate::id::{CommitSha, PrNumber, ResolvedSetId};
use crate::resolved_set::ResolvedSet;
use crate::shared::SharedMap;
use crate::time::Timestamp;
use crate::waiver::{Waiver, Waivers};

/// The entries of the audit log that concern one channel.
///
/// It only grows, as the log itself does. Copies are cheap, and share their entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    of_pr: SharedMap<PrNumber, Arc<History>>,
    superseded: SharedMap<u64, Arc<Entry>>,
    builds: SharedMap<CommitSha, BuildWord>,
    waivers: Arc<Waivers>,
    last: Option<Arc<Entry>>,
    len: usize,
}

/// What was decided about one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
struct History {
    entries: Vec<Arc<Entry>>,
    resolved: ResolvedSet,
    /// That of `resolved`: hashing it at every look would cost more than all else.
    resolved_id: ResolvedSetId,
    forms: Forms,
    dismissal: Option<Dismissal>,
}

/// What was decided about a pull request that the log says nothing of.
static NOTHING: LazyLock<History> = LazyLock::new(|| {
    let resolved = ResolvedSet::default();
    History {
        entries: Vec::new(),
        resolved_id: resolved.id(),
        resolved,
        forms: Forms::default(),
        dismissal: None,
    }
});

impl Log {
    /// Takes an entry in. It must be newer than all that are there already, and about the
    /// channel.
    pub fn push(&mut self, entry: Entry) {
        let entry = Arc::new(entry);
        if let Some((_, pr)) = entry.action.pick() {
            let history = self.of_pr.entry(pr);
            let history = history.or_insert_with(|| Arc::new(NOTHING.clone()));
            Arc::make_mut(history).push(Arc::clone(&entry));
        }
        if matches!(entry.action, Action::Superseded { .. }) {
            self.superseded.insert(entry.seq, Arc::clone(&entry));
        }
        if let Some((rev, word)) = BuildWord::of(&entry) {
            self.builds.insert(rev.clone(), word);
        }
        if matches!(
            entry.action,
            Action::Waive { .. } | Action::EndWaiver { .. }
        ) {
            Arc::make_mut(&mut self.waivers).take_in(&entry);
        }
        self.last = Some(entry);
        self.len += 1;
    }

    /// The entries about a pull request, oldest first.
    pub fn of(&self, pr: PrNumber) -> &[Arc<Entry>] {
        &self.history(pr).entries
    }

    /// What people made of a pull request's conflicts.
    pub fn resolved(&self, pr: PrNumber) -> &ResolvedSet {
        &self.history(pr).resolved
    }

    /// The id of what people made of a pull request's conflicts.
    pub fn resolved_id(&self, pr: PrNumber) -> &ResolvedSetId {
        &self.history(pr).resolved_id
    }

    /// In which form the channel is to carry a head of a pull request.
    pub fn form(&self, pr: PrNumber, head: &CommitSha) -> &Form {
        self.history(pr).forms.of(head)
    }

    /// The team's last word that nothing is to be done about a pull request, whether it still holds or
    /// not.
    pub fn dismissal(&self, pr: PrNumber) -> Option<&Dismissal> {
        self.history(pr).dismissal.as_ref()
    }

    /// When, after a time, the first decision is due that was put off.
    pub fn next_end_of_put_off(&self, after: Timestamp) -> Option<Timestamp> {
        let dismissals = self.of_pr.values().filter_map(|it| it.dismissal.as_ref());
        let ends = dismissals.filter_map(Dismissal::until);
        ends.filter(|until| *until > after).min()
    }

    /// How many seconds the channel had a pull request before the stable channel did; `None` where
    /// the last word on it is not that this has caught up.
    pub fn superseded_after(&self, pr: PrNumber) -> Option<i64> {
        let newest = self.of(pr).iter().rev();
        let mut said = newest.filter_map(|entry| match entry.action {
            Action::Superseded { lag_seconds, .. } => Some(Some(lag_seconds)),
            Action::Returned { .. } => Some(None),
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::Approve { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::ChooseForm { .. }
            | Action::Veto { .. }
            | Action::Withdraw { .. }
            | Action::Overrule { .. }
            | Action::CancelBuild { .. }
            | Action::RetryBuild { .. }
            | Action::Waive { .. }
            | Action::EndWaiver { .. }
            | Action::Dismiss { .. }
            | Action::Reopen { .. }
            | Action::Released { .. }
            | Action::Account { .. } => None,
        });
        said.next().flatten()
    }

    /// The team's last word on the build of a revision.
    pub fn build_word(&self, rev: &CommitSha) -> Option<&BuildWord> {
        self.builds.get(rev)
    }

    /// The team's last word on each pattern of jobs that releases may go without, or might until
    /// a time that is past.
    pub fn waivers(&self) -> &[Waiver] {
        self.waivers.all()
    }

    /// The entries that say so of any pull request, oldest first.
    pub fn all_superseded(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.superseded.values().map(Arc::as_ref)
    }

    /// The newest entry.
    pub fn last(&self) -> Option<&Entry> {
        self.last.as_deref()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn history(&self, pr: PrNumber) -> &History {
        match self.of_pr.get(&pr) {
            Some(history) => history,
            None => &NOTHING,
        }
    }
}

impl History {
    fn push(&mut self, entry: Arc<Entry>) {
        let resolved = self.resolved.clone().after(&entry.action);
        if resolved != self.resolved {
            self.resolved_id = resolved.id();
            self.resolved = resolved;
        }
        self.forms.take_in(&entry.action);
        self.dismissal = Dismissal::after(self.dismissal.take(), &entry);
        self.entries.push(entry);
    }
}

impl FromIterator<Entry> for Log {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut log = Self::default();
        entries.into_iter().for_each(|entry| log.push(entry));
        log
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{channel, decisions, sha};
    use crate::{ResolvedBy, ResolvedFile, Versions};

    fn veto(pr: u64) -> Action {
        Action::Veto {
            channel: channel(),
            pr: PrNumber(pr),
            reason: "no".into(),
        }
    }

    fn superseded(pr: u64) -> Action {
        Action::Superseded {
            channel: channel(),
            pr: PrNumber(pr),
            base: sha("base"),
            lag_seconds: 1,
        }
    }

    fn resolve(pr: u64, path: &str) -> Action {
        Action::ResolveConflict {
            channel: channel(),
            pr: PrNumber(pr),
            commit: sha("commit"),
            by: ResolvedBy::Hand,
            files: vec![ResolvedFile {
                path: path.into(),
                versions: Versions::default(),
                result: None,
            }],
        }
    }

    #[test]
    fn entries_are_found_by_their_pull_request() {
        let entries = decisions(&[
            ("ada", veto(7)),
            ("ada", veto(8)),
            ("picket", superseded(7)),
        ]);
        let log: Log = entries.iter().cloned().collect();
        let of = |pr| {
            log.of(PrNumber(pr))
                .iter()
                .map(|it| it.seq)
                .collect::<Vec<_>>()
        };
        assert_eq!((of(7), of(8), of(9)), (vec![1, 3], vec![2], Vec::new()));
        assert_eq!(log.superseded_after(PrNumber(7)), Some(1));
        assert_eq!(log.superseded_after(PrNumber(8)), None);
        assert_eq!((log.len(), log.last()), (3, entries.last()));
    }

    #[test]
    fn resolutions_are_those_that_the_entries_come_to() {
        let entries = decisions(&[
            ("ada", resolve(7, "a")),
            ("ada", resolve(8, "b")),
            ("ada", resolve(7, "c")),
        ]);
        let log: Log = entries.iter().cloned().collect();
        for pr in [7, 8, 9].map(PrNumber) {
            let set = ResolvedSet::of(&channel(), pr, &entries);
            assert_eq!((log.resolved(pr), log.resolved_id(pr)), (&set, &set.id()));
        }
    }

    #[test]
    fn an_entry_more_leaves_copies_as_they_are() {
        let entries = decisions(&[("ada", veto(7)), ("ada", veto(7))]);
        let one: Log = entries[..1].iter().cloned().collect();
        let mut other = one.clone();
        other.push(entries[1].clone());
        assert_eq!(
            (one.of(PrNumber(7)).len(), other.of(PrNumber(7)).len()),
            (1, 2)
        );
    }
}
