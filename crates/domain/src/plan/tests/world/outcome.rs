//! What must hold at every moment, and what is out in the end, worked out without any planning.

use super::{Nature, PRS, World};
use crate::*;

impl World {
    /// What must hold at every moment.
    pub(in super::super) fn check(&self) {
        let releases: Vec<_> = self.facts.releases.iter().collect();
        assert!(releases.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        let open = releases.iter().filter(|r| {
            matches!(
                r.state,
                ReleaseState::Reserved | ReleaseState::Sealed { .. }
            )
        });
        assert!(open.count() <= 1, "two releases under way at once");
        let published: Vec<_> = releases
            .iter()
            .filter(|r| r.published_at().is_some())
            .collect();
        assert!(
            published
                .windows(2)
                .all(|p| p[0].base.rev_count <= p[1].base.rev_count)
        );
        for release in published {
            let picks = release.picks.iter();
            let picks: Vec<_> = picks.map(|pick| (pick.pr, pick.head.clone())).collect();
            assert!(self.goes_together(&picks), "a release that does not build");
        }
    }

    /// A fix that servers have stays in the next release, unless it is in the base, is not wanted
    /// any more, or may not go with the others.
    pub(super) fn check_that_no_fix_is_lost(&self, picks: &[ReleasedPick]) {
        let released = self.facts.current_release().map(|it| it.picks.as_slice());
        for had in released.unwrap_or_default() {
            let is_kept = picks.iter().any(|pick| pick.pr == had.pr);
            let always_goes = match self.nature(had.pr) {
                Nature::Clean
                | Nature::IsKilledUntil(_)
                | Nature::IsBrokenAtBase
                | Nature::IsFlaky => self.is_wanted(had),
                Nature::InBaseFrom(_) => self.is_wanted(had) && !self.is_in_base(had.pr),
                // Whatever is wrong with a newer head.
                Nature::ConflictsOncePushed | Nature::BreaksOncePushed => {
                    self.approved_at(had.pr, &had.head).is_some()
                }
                Nature::ChangesWithBase => {
                    self.is_covered(had.pr, &self.facts.candidates[&had.pr].head)
                }
                Nature::Conflicts
                | Nature::Breaks
                | Nature::HasNoMachine
                | Nature::IsRejected
                | Nature::BreaksWith(_) => false,
            };
            assert!(
                is_kept || !always_goes,
                "{} is taken away from servers",
                had.pr
            );
        }
    }

    /// Whether the head that servers have, or the current one, is approved.
    fn is_wanted(&self, had: &ReleasedPick) -> bool {
        let now = &self.facts.candidates[&had.pr].head;
        [now, &had.head]
            .iter()
            .any(|head| self.approved_at(had.pr, head).is_some())
    }

    /// Whether enough people approved of what a head changes on the present base.
    fn is_covered(&self, pr: PrNumber, head: &CommitSha) -> bool {
        let candidate = &self.facts.candidates[&pr];
        let as_is = (head, &Form::AsIs);
        let PickOutcome::Picked { commits, .. } = self.pick((self.bases, ""), pr, as_is) else {
            return true;
        };
        match self.facts.standing(candidate, head) {
            Standing::Approved { approvals, .. } => {
                approvals.iter().filter(|it| it.covers(&commits)).count() >= 2
            }
            Standing::Pending { .. } | Standing::Vetoed { .. } => false,
        }
    }

    /// When a head was approved, if it is.
    fn approved_at(&self, pr: PrNumber, head: &CommitSha) -> Option<Timestamp> {
        let candidate = &self.facts.candidates[&pr];
        match self.facts.standing(candidate, head) {
            Standing::Approved { at, .. } => Some(at),
            Standing::Pending { .. } | Standing::Vetoed { .. } => None,
        }
    }

    /// The approved heads of a pull request, with the time of approval: the current one, and then
    /// the one that servers have.
    fn approved_heads(&self, pr: PrNumber) -> Vec<(Timestamp, PrNumber, CommitSha)> {
        let released = self.facts.current_release();
        let released = released.map_or(&[][..], |release| &release.picks);
        let had = released.iter().filter(|pick| pick.pr == pr);
        let mut heads: Vec<_> = std::iter::once(&self.facts.candidates[&pr].head)
            .chain(had.map(|pick| &pick.head))
            .filter_map(|head| Some((self.approved_at(pr, head)?, pr, head.clone())))
            .collect();
        heads.dedup();
        heads
    }

    /// What the current release must hold in the end, worked out without any planning: each
    /// approved pick that goes with those before it; where a newer head does not, the one that
    /// servers have.
    pub(in super::super) fn expected(&self) -> Vec<PrNumber> {
        let mut heads: Vec<_> = (1..=PRS)
            .map(|pr| self.approved_heads(PrNumber(pr)))
            .filter(|heads| !heads.is_empty())
            .collect();
        loop {
            heads.sort_by_key(|heads| (heads[0].0, heads[0].1));
            let (kept, dropped) = self.kept(&heads);
            let falls_back = dropped.into_iter().find(|at| heads[*at].len() > 1);
            match falls_back {
                Some(at) => drop(heads[at].remove(0)),
                None => return kept.into_iter().map(|(pr, _)| pr).collect(),
            }
        }
    }

    /// The picks that go together, by their first heads; and which of them do not, those that do
    /// not apply first.
    fn kept(
        &self,
        heads: &[Vec<(Timestamp, PrNumber, CommitSha)>],
    ) -> (Vec<(PrNumber, CommitSha)>, Vec<usize>) {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        let (mut stale, mut breaking) = (Vec::new(), Vec::new());
        for (at, heads) in heads.iter().enumerate() {
            let (_, pr, head) = &heads[0];
            let with = [kept.as_slice(), &[(*pr, head.clone())]].concat();
            if !self.applies(*pr, head) {
                dropped.push(at);
            } else if self.is_in_base(*pr) {
            } else if !self.is_covered(*pr, head) {
                stale.push(at);
            } else if self.goes_together(&with) {
                kept = with;
            } else {
                breaking.push(at);
            }
        }
        dropped.extend(stale);
        dropped.extend(breaking);
        (kept, dropped)
    }

    pub(in super::super) fn released(&self) -> Vec<PrNumber> {
        let release = self
            .facts
            .current_release()
            .expect("there is always a release in the end");
        assert_eq!(release.base.rev, self.facts.base().unwrap().rev);
        release.picks.iter().map(|pick| pick.pr).collect()
    }
}
