//! What the team has decided about a candidate, folded from the audit log.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::assembly::PickedCommit;
use crate::audit::{Action, Actor, Entry};
use crate::candidate::Candidate;
use crate::id::{CommitSha, Login, PatchId};
use crate::policy::Policy;
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

/// One person's veto. It holds for every head until that person withdraws it.
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
        /// People who approved an earlier head, and not this one.
        stale: Vec<Login>,
    },
    /// Enough people approved the current head.
    Approved {
        /// The approvals of the current head, oldest first.
        approvals: Vec<Approval>,
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
}

impl Standing {
    /// Folds the audit log's entries, in their order, into the candidate's standing.
    ///
    /// A veto or a withdrawal puts an end to all that the same person said before. An approval
    /// counts only for the head that it names, and never if the approver opened the pull request.
    pub fn of(candidate: &Candidate, policy: &Policy, log: &[Entry]) -> Self {
        Self::of_head(candidate, &candidate.head, policy, log)
    }

    /// As [`Standing::of`], for a head that the pull request stood at earlier.
    pub fn of_head(
        candidate: &Candidate,
        head: &CommitSha,
        policy: &Policy,
        log: &[Entry],
    ) -> Self {
        let mut vetoes = Vec::new();
        let mut approvals = Vec::new();
        let mut stale = Vec::new();
        for (by, word) in words(candidate, policy, log) {
            match word {
                Word::Objects(veto) => vetoes.push(veto),
                Word::Approves(_) if by == candidate.author => {}
                Word::Approves(heads) => match heads.get(head) {
                    Some(Approved { at, patches }) => approvals.push(Approval {
                        by,
                        at: *at,
                        patches: patches.clone(),
                    }),
                    None => stale.push(by),
                },
            }
        }
        if !vetoes.is_empty() {
            vetoes.sort_by_key(|veto| veto.at);
            return Self::Vetoed { vetoes };
        }
        approvals.sort_by(|a, b| (a.at, &a.by).cmp(&(b.at, &b.by)));
        let required = policy.required_approvals.max(1);
        match approvals.get(required as usize - 1) {
            Some(last) => Self::Approved {
                at: last.at,
                approvals,
            },
            None => {
                let missing = required - approvals.len() as u32;
                Self::Pending {
                    approvals,
                    missing,
                    stale,
                }
            }
        }
    }
}

fn words(candidate: &Candidate, policy: &Policy, log: &[Entry]) -> BTreeMap<Login, Word> {
    let mut words = BTreeMap::new();
    for entry in log {
        let Actor::Person(by) = &entry.actor else {
            continue;
        };
        if entry.action.pick() != Some((&policy.channel, candidate.pr)) {
            continue;
        }
        match &entry.action {
            Action::Approve { head, patches, .. } => {
                approve(&mut words, by, (head, patches), entry.at);
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
            Action::Nominate { .. }
            | Action::ResolveConflict { .. }
            | Action::DropResolutions { .. }
            | Action::Released { .. }
            | Action::Superseded { .. } => {}
        }
    }
    words
}

/// Approving after a veto lifts it; approving the same head again adds what was seen.
fn approve(
    words: &mut BTreeMap<Login, Word>,
    by: &Login,
    (head, patches): (&CommitSha, &[PatchId]),
    at: Timestamp,
) {
    let word = words
        .entry(by.clone())
        .or_insert_with(|| Word::Approves(BTreeMap::new()));
    if matches!(word, Word::Objects(_)) {
        *word = Word::Approves(BTreeMap::new());
    }
    if let Word::Approves(heads) = word {
        let approved = heads.entry(head.clone()).or_insert_with(|| Approved {
            at,
            patches: BTreeSet::new(),
        });
        approved.patches.extend(patches.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::fixtures::{candidate, channel, decisions, policy, sha};

    fn approve(pr: u64, head: &str) -> Action {
        Action::Approve {
            channel: channel(),
            pr: crate::PrNumber(pr),
            head: sha(head),
            patches: Vec::new(),
        }
    }

    fn veto(pr: u64) -> Action {
        Action::Veto {
            channel: channel(),
            pr: crate::PrNumber(pr),
            reason: "no".into(),
        }
    }

    fn withdraw(pr: u64) -> Action {
        Action::Withdraw {
            channel: channel(),
            pr: crate::PrNumber(pr),
            reason: "err".into(),
        }
    }

    fn standing(log: &[(&str, Action)]) -> Standing {
        Standing::of(&candidate(7, "h1"), &policy(2), &decisions(log))
    }

    #[test]
    fn enough_approvals_of_the_head_approve_it() {
        let both = standing(&[("ada", approve(7, "h1")), ("grace", approve(7, "h1"))]);
        assert!(matches!(both, Standing::Approved { at, .. } if at == Timestamp::from_unix(1)));
        let one = standing(&[("ada", approve(7, "h1"))]);
        assert!(matches!(one, Standing::Pending { missing: 1, .. }));
    }

    #[test]
    fn one_person_counts_once_and_the_author_never() {
        let twice = standing(&[("ada", approve(7, "h1")), ("ada", approve(7, "h1"))]);
        assert!(matches!(twice, Standing::Pending { missing: 1, .. }));
        let author = standing(&[("ada", approve(7, "h1")), ("author", approve(7, "h1"))]);
        assert!(matches!(author, Standing::Pending { missing: 1, .. }));
    }

    #[test]
    fn an_approval_of_an_earlier_head_is_stale() {
        let log = [("ada", approve(7, "h0")), ("grace", approve(7, "h1"))];
        match standing(&log) {
            Standing::Pending {
                missing: 1, stale, ..
            } => assert_eq!(stale[0].as_str(), "ada"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_veto_holds_until_its_author_withdraws_it() {
        let mut log = vec![
            ("ada", approve(7, "h1")),
            ("grace", approve(7, "h1")),
            ("edsger", veto(7)),
            ("ada", withdraw(7)),
            ("ada", approve(7, "h1")),
        ];
        assert!(matches!(standing(&log), Standing::Vetoed { .. }));
        log.push(("edsger", withdraw(7)));
        assert!(matches!(standing(&log), Standing::Approved { .. }));
    }

    #[test]
    fn an_approval_of_a_new_head_leaves_that_of_the_old_one() {
        let log = decisions(&[
            ("ada", approve(7, "h0")),
            ("grace", approve(7, "h0")),
            ("ada", approve(7, "h1")),
        ]);
        let of = |head| Standing::of_head(&candidate(7, "h1"), &sha(head), &policy(2), &log);
        assert!(matches!(of("h0"), Standing::Approved { .. }));
        assert!(matches!(of("h1"), Standing::Pending { missing: 1, .. }));
    }

    #[test]
    fn approving_lifts_ones_own_veto() {
        let log = [
            ("ada", veto(7)),
            ("ada", approve(7, "h1")),
            ("grace", approve(7, "h1")),
        ];
        assert!(matches!(standing(&log), Standing::Approved { .. }));
    }

    fn commit(patch: &str, verbatim: bool) -> PickedCommit {
        PickedCommit {
            source: sha("source"),
            commit: sha("commit"),
            patch: crate::Sha256::of(patch.as_bytes()).into(),
            verbatim,
        }
    }

    #[test]
    fn an_approval_covers_what_was_seen() {
        let (one, two) = (commit("1", false), commit("2", true));
        let approval = |seen: &[&PickedCommit]| Approval {
            by: Login::parse("ada").unwrap(),
            at: Timestamp::from_unix(0),
            patches: seen.iter().map(|commit| commit.patch.clone()).collect(),
        };
        assert!(approval(&[&one, &two]).covers(&[one.clone(), two.clone()]));
        assert!(
            approval(&[&one, &two]).covers(std::slice::from_ref(&two)),
            "the base has a part by now"
        );
        assert!(!approval(&[&one]).covers(&[one.clone(), two.clone()]));
        let diff_alone = approval(&[]);
        assert!(diff_alone.covers(std::slice::from_ref(&two)));
        assert!(!diff_alone.covers(&[one, two]));
    }

    #[test]
    fn approving_again_adds_what_was_seen_and_keeps_the_time() {
        let seen = |patch: &str| Action::Approve {
            channel: channel(),
            pr: crate::PrNumber(7),
            head: sha("h1"),
            patches: vec![commit(patch, false).patch],
        };
        let log = [("ada", seen("1")), ("grace", seen("1")), ("ada", seen("2"))];
        let Standing::Approved { approvals, at } = standing(&log) else {
            panic!("two people approved it");
        };
        assert_eq!(at, Timestamp::from_unix(1));
        assert_eq!(approvals[0].patches.len(), 2);
        assert_eq!(approvals[1].patches.len(), 1);
    }

    #[test]
    fn other_candidates_decisions_do_not_count() {
        let log = [("ada", approve(8, "h1")), ("grace", approve(7, "h1"))];
        assert!(matches!(
            standing(&log),
            Standing::Pending { missing: 1, .. }
        ));
    }
}
