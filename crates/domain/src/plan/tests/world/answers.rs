//! What comes of picking and building, by what the pull requests are really like.

use super::World;
use crate::fixtures::{built, failed, sha};
use crate::*;

/// What a pull request is really like; the world's answers follow from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) enum Nature {
    Clean,
    Conflicts,
    Breaks,
    /// Conflicts at every head but the first.
    ConflictsOncePushed,
    /// Builds at its first head alone.
    BreaksOncePushed,
    /// Builds alone, but not on top of this other pull request.
    BreaksWith(u64),
    /// Is in the base from this base on.
    InBaseFrom(u64),
    /// Changes something else on every base.
    ChangesWithBase,
    /// Its build fails by the machine's fault until this time.
    IsKilledUntil(i64),
    /// No machine is there that builds it.
    HasNoMachine,
    /// Nix does not take what it makes.
    IsRejected,
    /// Breaks a job that the base breaks too.
    IsBrokenAtBase,
    /// Fails the first time that a chain with it is built, and then builds.
    IsFlaky,
}

impl World {
    pub(in super::super) fn nature(&self, pr: PrNumber) -> Nature {
        let nature = self.natures.get(&pr);
        nature.copied().unwrap_or(Nature::Clean)
    }

    pub(super) fn is_in_base(&self, pr: PrNumber) -> bool {
        self.is_in(self.bases, pr)
    }

    fn is_in(&self, base: u64, pr: PrNumber) -> bool {
        matches!(self.nature(pr), Nature::InBaseFrom(from) if from <= base)
    }

    /// Which of the world's bases this is; the newest where it is none of them.
    pub(super) fn number_of(&self, base: &CommitSha) -> u64 {
        let mut numbers = 0..=self.bases;
        let found = numbers.find(|n| sha(&format!("base{n}")) == *base);
        found.unwrap_or(self.bases)
    }

    pub(super) fn pick(
        &self,
        (base, onto): (u64, &str),
        pr: PrNumber,
        (head, form): (&CommitSha, &Form),
    ) -> PickOutcome {
        match self.nature(pr) {
            _ if form.is_as_is() && !self.applies(pr, head) => PickOutcome::Conflict {
                commit: sha("commit"),
                conflicts: vec![Conflict {
                    path: "default.nix".into(),
                    kind: ConflictKind::BothModified,
                    versions: Versions::default(),
                }],
                renames: Renames::NotNeeded,
            },
            _ if self.is_in(base, pr) => PickOutcome::Contained {
                by: ContainedBy::Base,
            },
            _ => PickOutcome::Picked {
                commits: vec![PickedCommit {
                    source: head.clone(),
                    commit: sha(&format!("{onto} {head}")),
                    patch: match form.content() {
                        Some(text) => Sha256::of(text.as_str().as_bytes()).into(),
                        None => self.patch(base, pr, head),
                    },
                    verbatim: form.is_as_is() && self.nature(pr) != Nature::ChangesWithBase,
                }],
                renames: Renames::NotNeeded,
            },
        }
    }

    /// What a head changes on a base.
    fn patch(&self, base: u64, pr: PrNumber, head: &CommitSha) -> PatchId {
        let on = match self.nature(pr) {
            Nature::ChangesWithBase => base,
            _ => 0,
        };
        Sha256::of(format!("{head} on {on}").as_bytes()).into()
    }

    pub(super) fn applies(&self, pr: PrNumber, head: &CommitSha) -> bool {
        match self.nature(pr) {
            Nature::Conflicts => false,
            Nature::ConflictsOncePushed => is_first(pr, head),
            _ => true,
        }
    }

    pub(super) fn assemble(&self, spec: &ChainSpec) -> Assembly {
        let (base, mut onto) = (self.number_of(&spec.base), spec.base.to_string());
        let pick = |pick: &ApprovedPick| {
            let outcome = self.pick((base, &onto), pick.pr, (&pick.head, &pick.form));
            if let PickOutcome::Picked { commits, .. } = &outcome {
                onto = commits[0].commit.to_string();
            }
            PickResult {
                pr: pick.pr,
                head: pick.head.clone(),
                outcome,
            }
        };
        Assembly {
            picks: spec.picks.iter().map(pick).collect(),
        }
    }

    /// The build of a commit fails if the picks up to it do not go together.
    pub(super) fn build(&self, base: &CommitSha, rev: &CommitSha) -> BuildReport {
        let assemblies = &self
            .on(base)
            .expect("only known bases are built on")
            .assemblies;
        let chain = assemblies.values().find_map(|assembly| {
            let applied: Vec<_> = assembly.applied().collect();
            let at = applied.iter().position(|(_, tip)| *tip == rev)?;
            Some(
                applied[..=at]
                    .iter()
                    .map(|(pick, _)| (pick.pr, pick.head.clone()))
                    .collect::<Vec<_>>(),
            )
        });
        let chain = chain.expect("only commits of chains are built");
        let is_killed = |(pr, _): &(PrNumber, CommitSha)| match self.nature(*pr) {
            Nature::IsKilledUntil(until) => self.now < Timestamp::from_unix(until),
            _ => false,
        };
        let has = |nature| chain.iter().any(|(pr, _)| self.nature(*pr) == nature);
        if has(Nature::IsRejected) {
            failed("job", FailureCause::OutputRejected)
        } else if has(Nature::HasNoMachine) {
            failed("job", FailureCause::NoMachine)
        } else if chain.iter().any(is_killed) {
            failed("job", FailureCause::Killed)
        } else if !self.goes_together(&chain)
            || (has(Nature::IsFlaky) && !self.was_tried(base, rev))
        {
            failed("job", FailureCause::Builder)
        } else if has(Nature::IsBrokenAtBase) {
            at_base_too(failed("job", FailureCause::Builder))
        } else {
            built("job")
        }
    }

    fn was_tried(&self, base: &CommitSha, rev: &CommitSha) -> bool {
        self.on(base).is_some_and(|on| on.builds.contains_key(rev))
    }

    pub(super) fn goes_together(&self, picks: &[(PrNumber, CommitSha)]) -> bool {
        let is_before = |at: usize, pr: u64| picks[..at].iter().any(|(it, _)| it.0 == pr);
        picks
            .iter()
            .enumerate()
            .all(|(at, (pr, head))| match self.nature(*pr) {
                Nature::Breaks | Nature::IsRejected => false,
                Nature::HasNoMachine => !self.facts.log.waivers().is_empty(),
                Nature::BreaksOncePushed => is_first(*pr, head),
                Nature::BreaksWith(other) => !is_before(at, other),
                Nature::Clean
                | Nature::Conflicts
                | Nature::ConflictsOncePushed
                | Nature::ChangesWithBase
                | Nature::IsKilledUntil(_)
                | Nature::IsBrokenAtBase
                | Nature::IsFlaky
                | Nature::InBaseFrom(_) => true,
            })
    }
}

/// The same report of a base that breaks the job too.
fn at_base_too(mut report: BuildReport) -> BuildReport {
    let BuildReport::Evaluated { changed, .. } = &mut report else {
        return report;
    };
    for job in changed {
        if let JobOutcome::Failed { fails_at_base, .. } = &mut job.outcome {
            *fails_at_base = true;
        }
    }
    report
}

/// Whether a head is the one that the pull request was opened with.
fn is_first(pr: PrNumber, head: &CommitSha) -> bool {
    *head == sha(&format!("{pr}@0"))
}
