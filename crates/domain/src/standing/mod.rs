//! What the team has decided about a candidate, folded from the audit log.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assembly::PickedCommit;
use crate::audit::{Action, Actor, Entry};
use crate::candidate::Candidate;
use crate::id::{CommitSha, Login, PatchId};
use crate::policy::Policy;
use crate::team::{Lapse, LapseReason, Team};
use crate::time::Timestamp;

/// One person's approval of one head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: Login,
    /// When, for the first time.
    pub at: Timestamp,
    /// What the picks changed that the person saw; see [`Action::Approve`]. No commit depends on
    /// it, so that it is no part of a chain's spec.
    #[serde(skip)]
    pub patches: BTreeSet<PatchId>,
}

impl Approval {
    /// Whether the person approved of what these commits change.
    ///
    /// Somebody who saw the pull request's own diff alone approved of that: it may be picked to
    /// the line and not otherwise. A commit that is not there any more, since the base has it, is
    /// nothing that had to be approved again.
    pub fn covers(&self, commits: &[PickedCommit]) -> bool {
        commits.iter().all(|commit| match self.patches.is_empty() {
            true => commit.verbatim,
            false => self.patches.contains(&commit.patch),
        })
    }
}

/// One person's approval of one head that does not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LapsedApproval {
    /// Who.
    pub by: Login,
    /// When they approved.
    pub at: Timestamp,
    /// Why it does not count.
    pub why: LapseReason,
}

/// One person's veto. It holds for every head until that person withdraws it. It holds also when
/// they have left the team, for what they saw has not gone away, until a member overrules it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Veto {
    /// Who.
    pub by: Login,
    /// When.
    pub at: Timestamp,
    /// Why, in the person's own words.
    pub reason: String,
}

/// What the team's decisions about a candidate come to, for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not enough people approved the head that the pull request stands at.
    Pending {
        /// The approvals of the current head.
        approvals: Vec<Approval>,
        /// How many more are needed; at least 1.
        missing: u32,
        /// Approvals of the current head that do not count.
        lapsed: Vec<LapsedApproval>,
        /// People of the team who approved an earlier head, and not this one.
        stale: Vec<Login>,
    },
    /// Enough people approved the current head.
    Approved {
        /// The approvals of the current head, oldest first.
        approvals: Vec<Approval>,
        /// Approvals of it that do not count.
        lapsed: Vec<LapsedApproval>,
        /// When the last one needed was given.
        at: Timestamp,
    },
    /// Somebody objects.
    Vetoed {
        /// The objections, oldest first.
        vetoes: Vec<Veto>,
    },
}

/// What one person's decisions about one candidate come to.
enum Word {
    /// The heads that the person approved.
    Approves(BTreeMap<CommitSha, Approved>),
    Objects(Veto),
}

/// One person's approvals of one head.
struct Approved {
    /// The time of the first one.
    at: Timestamp,
    /// What was seen at any of them.
    patches: BTreeSet<PatchId>,
    /// Why they do not count, where none does.
    lapse: Option<Lapse>,
}

/// What a standing is of, and what it is folded by.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) candidate: &'a Candidate,
    /// A head that the pull request stands at, or stood at earlier.
    pub(crate) head: &'a CommitSha,
    pub(crate) policy: &'a Policy,
    /// How many people must approve it.
    pub(crate) required: u32,
    pub(crate) team: &'a Team,
}

impl Question<'_> {
    /// Whether what was said under a login, at this place of the log, is the author's word.
    fn is_own(&self, by: &Login, entry: u64) -> bool {
        let account = self.team.account_at(by, entry);
        self.candidate.is_by(by, account)
    }
}

impl Standing {
    /// Folds the audit log's entries, in their order, into the standing of a head that is not out.
    ///
    /// A veto or a withdrawal puts an end to all that the same person said before. An approval
    /// counts only for the head that it names, as long as it has not lapsed, and never if the
    /// approver opened the pull request.
    pub(crate) fn of<E: Borrow<Entry>>(question: Question<'_>, log: &[E]) -> Self {
        let said = Said::about(question, entries(log), |_| true);
        said.weighed(question.required)
    }

    /// As [`Standing::of`], for a head that was released, the release's number having been taken
    /// at `released_at`: what sufficed then suffices still, though the policy may ask for more by
    /// now, or people have left the team. Whoever took an approval back since does count.
    pub(crate) fn of_released<E: Borrow<Entry>>(
        question: Question<'_>,
        log: &[E],
        released_at: Timestamp,
    ) -> Self {
        let had_lapsed = |lapse: &Lapse| lapse.is_before(released_at);
        let before = entries(log).filter(|entry| entry.at <= released_at);
        let then = Said::about(question, before, had_lapsed).approvals.len() as u32;
        let required = question.required.min(then).max(1);
        let said = Said::about(question, entries(log), had_lapsed);
        said.weighed(required)
    }

    /// How many approvals have to cover what a pick of this standing changes.
    /// `required` is what is asked of it today.
    pub(crate) fn needed(&self, required: u32) -> u32 {
        match self {
            Self::Approved { approvals, .. } => required.min(approvals.len() as u32),
            Self::Pending { .. } | Self::Vetoed { .. } => required,
        }
    }
}

fn entries<E: Borrow<Entry>>(log: &[E]) -> impl Iterator<Item = &Entry> {
    log.iter().map(Borrow::borrow)
}

/// What was said of one head.
struct Said {
    vetoes: Vec<Veto>,
    approvals: Vec<Approval>,
    lapsed: Vec<LapsedApproval>,
    /// Members who approved of other heads only.
    stale: Vec<Login>,
}

impl Said {
    /// `matters` says of a lapse whether the approval does not count because of it.
    fn about<'a>(
        question: Question<'_>,
        log: impl Iterator<Item = &'a Entry>,
        matters: impl Fn(&Lapse) -> bool,
    ) -> Self {
        let mut said = Self {
            vetoes: Vec::new(),
            approvals: Vec::new(),
            lapsed: Vec::new(),
            stale: Vec::new(),
        };
        for (by, word) in words(question, log, matters) {
            match word {
                Word::Objects(veto) => said.vetoes.push(veto),
                Word::Approves(mut heads) => match heads.remove(question.head) {
                    Some(approved) => said.take_in(by, approved),
                    None if question.team.has(&by) => said.stale.push(by),
                    None => {}
                },
            }
        }
        said.vetoes.sort_by_key(|veto| veto.at);
        said.approvals
            .sort_by(|a, b| (a.at, &a.by).cmp(&(b.at, &b.by)));
        said
    }

    fn take_in(&mut self, by: Login, approved: Approved) {
        let Approved { at, patches, lapse } = approved;
        match lapse {
            None => self.approvals.push(Approval { by, at, patches }),
            Some(Lapse { why, .. }) => self.lapsed.push(LapsedApproval { by, at, why }),
        }
    }

    fn weighed(self, required: u32) -> Standing {
        let Self {
            vetoes,
            approvals,
            lapsed,
            stale,
        } = self;
        if !vetoes.is_empty() {
            return Standing::Vetoed { vetoes };
        }
        match approvals.get(required as usize - 1) {
            Some(last) => Standing::Approved {
                at: last.at,
                approvals,
                lapsed,
            },
            None => Standing::Pending {
                missing: required - approvals.len() as u32,
                approvals,
                lapsed,
                stale,
            },
        }
    }
}

fn words<'a>(
    question: Question<'_>,
    log: impl Iterator<Item = &'a Entry>,
    matters: impl Fn(&Lapse) -> bool,
) -> BTreeMap<Login, Word> {
    let about = (&question.policy.channel, question.candidate.pr);
    let mut words = BTreeMap::new();
    for entry in log.filter(|entry| entry.action.pick() == Some(about)) {
        let Actor::Person(by) = &entry.actor else {
            continue;
        };
        match &entry.action {
            Action::Approve { .. } if question.is_own(by, entry.seq) => {}
            Action::Approve { head, patches, .. } => {
                let approved = Approved {
                    at: entry.at,
                    patches: patches.iter().cloned().collect(),
                    lapse: question.team.lapse(by, entry.seq).filter(&matters),
                };
                approve(&mut words, by, head, approved);
            }
            Action::Veto { reason, .. } => {
                let veto = Veto {
                    by: by.clone(),
                    at: entry.at,
                    reason: reason.clone(),
                };
                words.insert(by.clone(), Word::Objects(veto));
            }
            Action::Withdraw { .. } => {
                words.remove(by);
            }
            Action::Overrule { of, .. } => overrule(&mut words, of),
            Action::Nominate { .. }
            | Action::SubmitPatch { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::ChooseForm { .. }
            | Action::CancelBuild { .. }
            | Action::RetryBuild { .. }
            | Action::Waive { .. }
            | Action::EndWaiver { .. }
            | Action::Dismiss { .. }
            | Action::Reopen { .. }
            | Action::Released { .. }
            | Action::Superseded { .. }
            | Action::Returned { .. }
            | Action::Account { .. } => {}
        }
    }
    words
}

/// Approving after a veto lifts it; approving the same head again adds what was seen, but for what
/// another account of the same name saw.
fn approve(words: &mut BTreeMap<Login, Word>, by: &Login, head: &CommitSha, new: Approved) {
    let word = words
        .entry(by.clone())
        .or_insert_with(|| Word::Approves(BTreeMap::new()));
    if matches!(word, Word::Objects(_)) {
        *word = Word::Approves(BTreeMap::new());
    }
    if let Word::Approves(heads) = word {
        match heads.get_mut(head) {
            Some(old) if old.lapse.is_none() == new.lapse.is_none() => {
                old.patches.extend(new.patches);
            }
            Some(_) | None => {
                heads.insert(head.clone(), new);
            }
        }
    }
}

fn overrule(words: &mut BTreeMap<Login, Word>, of: &Login) {
    if matches!(words.get(of), Some(Word::Objects(_))) {
        words.remove(of);
    }
}

#[cfg(test)]
mod tests;
