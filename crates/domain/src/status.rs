//! Where one pull request is on its way to the channel's servers, for pages and scripts.

use serde::Serialize;

use crate::assembly::{PickOutcome, PickedCommit, SecondOpinion};
use crate::audit::Action;
use crate::candidate::{Candidate, UpstreamState};
use crate::conflict::Conflict;
use crate::facts::Facts;
use crate::id::{CommitSha, JobName, Login, ReleaseName};
use crate::release::ReleaseState;
use crate::resolve::{Next, Resolution};
use crate::standing::{Approval, Standing, Veto};
use crate::time::{Timestamp, duration};

/// Where a pull request is, with the evidence. Derived at every look, never stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PickStatus {
    /// The stable channel has the fix, and this channel had it earlier.
    Superseded {
        /// By how many seconds.
        lag_seconds: i64,
    },
    /// The stable channel has all of the change already.
    InBase,
    /// Somebody objects.
    Vetoed {
        /// The objections.
        vetoes: Vec<Veto>,
    },
    /// More approvals are needed.
    AwaitingApproval {
        /// The approvals of the current head.
        approvals: Vec<Approval>,
        /// How many more are needed.
        missing: u32,
        /// People who approved an earlier head only.
        stale: Vec<Login>,
    },
    /// Approved, but it does not apply to the base; set aside.
    Conflict {
        /// The commit of the pull request that does not apply.
        commit: CommitSha,
        /// Where.
        conflicts: Vec<Conflict>,
    },
    /// Approved, but git makes something else of it than Picket; set aside.
    Disputed {
        /// The commit of the pull request.
        commit: CommitSha,
        /// What git makes of it.
        git: SecondOpinion,
    },
    /// Approved, but it changes something else by now than what was approved; set aside.
    Stale {
        /// What it is now.
        commits: Vec<PickedCommit>,
        /// How many more people have to approve of that.
        missing: u32,
    },
    /// Approved, but its commits cannot be had; set aside.
    Unavailable {
        /// Why.
        reason: String,
    },
    /// Approved, but it breaks the build; set aside.
    BuildFailed {
        /// The commit whose build shows it.
        rev: CommitSha,
        /// The jobs that it breaks; none where the job set does not evaluate any more.
        jobs: Vec<JobName>,
    },
    /// Approved; about to be put into a chain.
    Assembling,
    /// Approved; its chain is being built.
    Building {
        /// The commit that is built now.
        rev: CommitSha,
    },
    /// Approved; its chain's build failed by the machine's fault and is tried again.
    Retrying {
        /// When.
        until: Timestamp,
    },
    /// In a release that is about to come out.
    Releasing,
    /// In the channel's current release.
    Released {
        /// The first release that had it.
        release: ReleaseName,
        /// When that came out.
        at: Timestamp,
    },
}

impl PickStatus {
    /// The state's name, as JSON spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Superseded { .. } => "superseded",
            Self::InBase => "in_base",
            Self::Vetoed { .. } => "vetoed",
            Self::AwaitingApproval { .. } => "awaiting_approval",
            Self::Conflict { .. } => "conflict",
            Self::Disputed { .. } => "disputed",
            Self::Stale { .. } => "stale",
            Self::Unavailable { .. } => "unavailable",
            Self::BuildFailed { .. } => "build_failed",
            Self::Assembling => "assembling",
            Self::Building { .. } => "building",
            Self::Retrying { .. } => "retrying",
            Self::Releasing => "releasing",
            Self::Released { .. } => "released",
        }
    }

    /// Whether nothing more will happen unless a person, or upstream, acts.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Superseded { .. }
            | Self::InBase
            | Self::Vetoed { .. }
            | Self::AwaitingApproval { .. }
            | Self::Conflict { .. }
            | Self::Disputed { .. }
            | Self::Stale { .. }
            | Self::Unavailable { .. }
            | Self::BuildFailed { .. }
            | Self::Released { .. } => true,
            Self::Assembling | Self::Building { .. } | Self::Retrying { .. } | Self::Releasing => {
                false
            }
        }
    }

    /// One sentence that says why the pull request is where it is.
    pub fn reason(&self) -> String {
        match self {
            Self::Superseded { lag_seconds } => {
                format!(
                    "the stable channel has it, {} later",
                    duration(*lag_seconds)
                )
            }
            Self::InBase => "the stable channel has it already".to_owned(),
            Self::Vetoed { vetoes } => list(vetoes, |veto| format!("{}: {}", veto.by, veto.reason)),
            Self::AwaitingApproval { missing, stale, .. } if stale.is_empty() => {
                format!("{missing} more approval{} needed", plural(*missing))
            }
            Self::AwaitingApproval { missing, stale, .. } => format!(
                "{missing} more approval{} needed; {} approved an earlier head",
                plural(*missing),
                list(stale, ToString::to_string),
            ),
            Self::Conflict { conflicts, .. } => {
                format!(
                    "does not apply: {}",
                    list(conflicts, |conflict| conflict.path.clone())
                )
            }
            Self::Disputed { commit, git } => match git {
                SecondOpinion::Conflict { paths } => format!(
                    "git finds a conflict where Picket finds none, in commit {}: {}",
                    commit.short(),
                    list(paths, Clone::clone)
                ),
                SecondOpinion::OtherTree { paths } => format!(
                    "git merges commit {} otherwise than Picket: {}",
                    commit.short(),
                    list(paths, Clone::clone)
                ),
            },
            Self::Stale { missing, .. } => format!(
                "changes something else by now than what was approved; {missing} approval{} of \
                 that needed",
                plural(*missing)
            ),
            Self::Unavailable { reason } => reason.clone(),
            Self::BuildFailed { jobs, .. } if jobs.is_empty() => {
                "the job set does not evaluate with it".to_owned()
            }
            Self::BuildFailed { jobs, .. } => format!("breaks {}", list(jobs, ToString::to_string)),
            Self::Assembling => "about to be picked".to_owned(),
            Self::Building { rev } => format!("building {}", rev.short()),
            Self::Retrying { until } => format!("the builder failed; next try at {until}"),
            Self::Releasing => "being published".to_owned(),
            Self::Released { release, .. } => format!("in {release}"),
        }
    }
}

fn plural(n: u32) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// At most five items; the rest is counted.
fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 5;
    let mut text = items
        .iter()
        .take(SHOWN)
        .map(show)
        .collect::<Vec<_>>()
        .join(", ");
    if items.len() > SHOWN {
        text += &format!(" and {} more", items.len() - SHOWN);
    }
    text
}

/// Works out where a candidate is. `resolution` is that of the same facts.
pub fn status(facts: &Facts, resolution: &Resolution, candidate: &Candidate) -> PickStatus {
    let superseded = facts.log.iter().rev().find_map(|entry| match entry.action {
        Action::Superseded {
            pr, lag_seconds, ..
        } if pr == candidate.pr => Some(lag_seconds),
        _ => None,
    });
    if let Some(lag_seconds) = superseded {
        return PickStatus::Superseded { lag_seconds };
    }
    if facts.assessment(candidate) == Some(&PickOutcome::Contained) {
        return PickStatus::InBase;
    }
    match Standing::of(candidate, &facts.policy, &facts.log) {
        Standing::Vetoed { vetoes } => PickStatus::Vetoed { vetoes },
        Standing::Pending {
            approvals,
            missing,
            stale,
        } => PickStatus::AwaitingApproval {
            approvals,
            missing,
            stale,
        },
        Standing::Approved { .. } => set_aside(resolution, candidate)
            .or_else(|| released(facts, candidate))
            .unwrap_or_else(|| under_way(&resolution.next)),
    }
}

fn set_aside(resolution: &Resolution, candidate: &Candidate) -> Option<PickStatus> {
    if let Some(culprit) = resolution
        .culprits
        .iter()
        .find(|it| it.pick.pr == candidate.pr)
    {
        let (rev, jobs) = (culprit.rev.clone(), culprit.jobs.clone());
        return Some(PickStatus::BuildFailed { rev, jobs });
    }
    let mut stale = resolution.stale.iter();
    if let Some(stale) =
        stale.find(|it| (it.pick.pr, &it.pick.head) == (candidate.pr, &candidate.head))
    {
        let (commits, missing) = (stale.commits.clone(), stale.missing);
        return Some(PickStatus::Stale { commits, missing });
    }
    let mut passed_over = resolution.passed_over.iter();
    let outcome = match passed_over.find(|it| it.pr == candidate.pr) {
        Some(pick) => &pick.outcome,
        None => resolution.assembly.as_ref()?.outcome(candidate.pr)?,
    };
    match outcome.clone() {
        PickOutcome::Picked { .. } => None,
        PickOutcome::Contained => Some(PickStatus::InBase),
        PickOutcome::Conflict {
            commit, conflicts, ..
        } => Some(PickStatus::Conflict { commit, conflicts }),
        PickOutcome::Disputed { commit, git } => Some(PickStatus::Disputed { commit, git }),
        PickOutcome::Unavailable { reason } => Some(PickStatus::Unavailable { reason }),
    }
}

fn released(facts: &Facts, candidate: &Candidate) -> Option<PickStatus> {
    let has_head = |picks: &[crate::ReleasedPick]| {
        picks
            .iter()
            .any(|pick| pick.pr == candidate.pr && pick.head == candidate.head)
    };
    if facts
        .current_release()
        .is_some_and(|release| has_head(&release.picks))
    {
        let mut with_it = facts
            .releases
            .iter()
            .filter(|release| has_head(&release.picks));
        return with_it.find_map(|release| {
            let at = release.published_at()?;
            Some(PickStatus::Released {
                release: release.name.clone(),
                at,
            })
        });
    }
    let is_coming = |state: &ReleaseState| {
        matches!(state, ReleaseState::Reserved | ReleaseState::Sealed { .. })
    };
    let mut coming = facts
        .releases
        .iter()
        .filter(|release| is_coming(&release.state));
    coming
        .any(|release| has_head(&release.picks))
        .then_some(PickStatus::Releasing)
}

fn under_way(next: &Next) -> PickStatus {
    match next {
        Next::NoBase | Next::Assemble(_) => PickStatus::Assembling,
        Next::Build(rev) => PickStatus::Building { rev: rev.clone() },
        Next::Wait { until, .. } => PickStatus::Retrying { until: *until },
        Next::Nothing => PickStatus::Releasing,
    }
}

/// When a pull request reached each stage, as far as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StageTimes {
    /// It was opened.
    pub opened_at: Timestamp,
    /// It was merged upstream.
    pub merged_at: Option<Timestamp>,
    /// The team approved its current head.
    pub approved_at: Option<Timestamp>,
    /// The first release with it came out.
    pub released_at: Option<Timestamp>,
    /// The stable channel had it, and this channel had it before.
    pub superseded_at: Option<Timestamp>,
}

/// When a candidate reached each stage of its way.
pub fn stage_times(facts: &Facts, candidate: &Candidate) -> StageTimes {
    let merged_at = match candidate.upstream {
        UpstreamState::Merged { at, .. } => Some(at),
        UpstreamState::Open | UpstreamState::Closed => None,
    };
    let approved_at = match Standing::of(candidate, &facts.policy, &facts.log) {
        Standing::Approved { at, .. } => Some(at),
        Standing::Pending { .. } | Standing::Vetoed { .. } => None,
    };
    let released_at = facts.first_released_at(candidate.pr);
    let superseded_at = facts.log.iter().find_map(|entry| match entry.action {
        Action::Superseded {
            pr, lag_seconds, ..
        } if pr == candidate.pr => released_at.map(|at| at.plus_seconds(lag_seconds)),
        _ => None,
    });
    StageTimes {
        opened_at: candidate.opened_at,
        merged_at,
        approved_at,
        released_at,
        superseded_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        let reasons = [
            PickStatus::Superseded {
                lag_seconds: 345_600,
            },
            PickStatus::AwaitingApproval {
                approvals: Vec::new(),
                missing: 2,
                stale: vec![Login::parse("ada").unwrap()],
            },
            PickStatus::BuildFailed {
                rev: crate::facts::fixtures::sha("r"),
                jobs: (0..7)
                    .map(|n| JobName::parse(&format!("job{n}")).unwrap())
                    .collect(),
            },
        ]
        .map(|status| status.reason())
        .join("\n");
        insta::assert_snapshot!(reasons, @r"
        the stable channel has it, 4 d later
        2 more approvals needed; ada approved an earlier head
        breaks job0, job1, job2, job3, job4 and 2 more
        ");
    }
}
