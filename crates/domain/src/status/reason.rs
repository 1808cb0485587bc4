//! Why a pull request is where it is, in words.

use crate::assembly::SecondOpinion;
use crate::failure::FailureCause;
use crate::id::{JobName, Login};
use crate::standing::LapsedApproval;
use crate::status::PickStatus;
use crate::text;
use crate::time::duration;

impl PickStatus {
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
            Self::InOtherPick => "other picks of this channel have all of it".to_owned(),
            Self::ResolvedAway => {
                "its conflicts were resolved so that nothing of it is left".to_owned()
            }
            Self::Vetoed { vetoes, still_in } => {
                let said = list(vetoes, |veto| {
                    format!("{}: {}", veto.by, without_full_stop(&veto.reason))
                });
                match still_in {
                    None => said,
                    Some(release) => format!(
                        "{said}; {release} is out with it, and the next release goes without it"
                    ),
                }
            }
            Self::AwaitingApproval {
                missing,
                lapsed,
                stale,
                ..
            } => awaiting(*missing, lapsed, stale),
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
            Self::Unavailable { reason } => without_full_stop(reason).to_owned(),
            Self::BuildFailed { jobs, .. } if jobs.is_empty() => {
                "the job set does not evaluate with it".to_owned()
            }
            Self::BuildFailed { jobs, .. } => format!("breaks {}", list(jobs, ToString::to_string)),
            Self::GivenUp { until, jobs, .. } if jobs.is_empty() => format!(
                "its evaluation does not come to an end on this machine; given up until {until}"
            ),
            Self::GivenUp { until, jobs, cause } => format!(
                "the builder fails on {}: {}; given up until {until}",
                list(jobs, ToString::to_string),
                cause.unwrap_or(FailureCause::Transient).what()
            ),
            Self::BuildCancelled { by, .. } => format!("{by} stopped its build"),
            Self::Dismissed {
                kind, reason, by, ..
            } => format!(
                "{}, says {by}: {}",
                kind.words(),
                text::line(reason, text::MAX_LINE)
            ),
            Self::PutOff { until, reason, by } => format!(
                "put off until {until}, says {by}: {}",
                text::line(reason, text::MAX_LINE)
            ),
            Self::NoMachine { jobs, .. } => no_machine(jobs),
            Self::Assembling => "about to be picked".to_owned(),
            Self::Building { rev } => format!("building {}", rev.short()),
            Self::Retrying { until } => format!("the builder failed; next try at {until}"),
            Self::Releasing => "being published".to_owned(),
            Self::Released { release, .. } => format!("in {release}"),
        }
    }
}

fn no_machine(jobs: &[JobName]) -> String {
    let jobs_named = list(jobs, ToString::to_string);
    let mut text = format!(
        "no machine builds {jobs_named}: one of its system and features has to be set up, or the job be waived for a time"
    );
    // NixOS tests need `kvm`, which not every machine has.
    if jobs.iter().all(JobName::is_package_test) {
        text += ", or the channel's `package_tests` set to `build`";
    }
    text
}

fn awaiting(missing: u32, lapsed: &[LapsedApproval], stale: &[Login]) -> String {
    let mut text = format!("{missing} more approval{} needed", plural(missing));
    if !stale.is_empty() {
        let stale = list(stale, ToString::to_string);
        text += &format!("; {stale} approved an earlier head");
    }
    if !lapsed.is_empty() {
        let lapsed = list(lapsed, |it| format!("{}, who {}", it.by, it.why.text()));
        text += &format!("; does not count: approved by {lapsed}");
    }
    text
}

/// What a person wrote, as a part of a sentence that goes on.
fn without_full_stop(text: &str) -> &str {
    let text = text.trim_end();
    match text.strip_suffix('.') {
        Some(sentence) if !sentence.ends_with('.') => sentence,
        _ => text,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ReleaseName;
    use crate::standing::Veto;
    use crate::time::Timestamp;

    fn no_machine(jobs: &[&str]) -> PickStatus {
        PickStatus::NoMachine {
            rev: crate::fixtures::sha("r"),
            jobs: jobs
                .iter()
                .map(|job| JobName::parse(job).unwrap())
                .collect(),
        }
    }

    #[test]
    fn reasons_are_sentences() {
        let reasons = [
            PickStatus::Superseded {
                lag_seconds: 345_600,
            },
            PickStatus::Vetoed {
                vetoes: ["It breaks logins. Wait.", "me too ..."]
                    .map(|reason| Veto {
                        by: Login::parse("ada").unwrap(),
                        at: Timestamp::from_unix(1),
                        reason: reason.to_owned(),
                    })
                    .to_vec(),
                still_in: Some(ReleaseName::parse("nixos-26.05.8.2.0123456789ab").unwrap()),
            },
            PickStatus::AwaitingApproval {
                approvals: Vec::new(),
                missing: 2,
                lapsed: Vec::new(),
                stale: vec![Login::parse("ada").unwrap()],
            },
            PickStatus::AwaitingApproval {
                approvals: Vec::new(),
                missing: 1,
                lapsed: vec![LapsedApproval {
                    by: Login::parse("carol").unwrap(),
                    at: Timestamp::from_unix(0),
                    why: crate::LapseReason::Left,
                }],
                stale: Vec::new(),
            },
            PickStatus::BuildFailed {
                rev: crate::fixtures::sha("r"),
                jobs: (0..7)
                    .map(|n| JobName::parse(&format!("job{n}")).unwrap())
                    .collect(),
            },
            no_machine(&["test:redis.passthru.tests.redis"]),
            no_machine(&["test:redis.passthru.tests.redis", "tests.redis"]),
        ]
        .map(|status| status.reason())
        .join("\n");
        insta::assert_snapshot!(reasons, @r"
        the stable channel has it, 4 d later
        ada: It breaks logins. Wait, ada: me too ...; nixos-26.05.8.2.0123456789ab is out with it, and the next release goes without it
        2 more approvals needed; ada approved an earlier head
        1 more approval needed; does not count: approved by carol, who is no longer on the team
        breaks job0, job1, job2, job3, job4 and 2 more
        no machine builds test:redis.passthru.tests.redis: one of its system and features has to be set up, or the job be waived for a time, or the channel's `package_tests` set to `build`
        no machine builds test:redis.passthru.tests.redis, tests.redis: one of its system and features has to be set up, or the job be waived for a time
        ");
    }
}
