//! The figures of a replay.

use std::fmt;

use serde::Serialize;

use super::by_git::GitPicks;
use super::outcome::Replayed;
use super::pick::Pick;
use super::propose::Verdict;

const NANOSECONDS: f64 = 1e6;

/// What one engine made of all picks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Clean, with the tree that people committed.
    pub identical: usize,
    /// Clean, with another tree.
    pub different: usize,
    /// Not clean; those not attempted for lack of certainty among them.
    pub conflict: usize,
    /// Picked commits that are merges.
    pub merge_source: usize,
    /// Picks that need an object which the repository lacks.
    pub missing: usize,
    /// Of the conflicts, those not attempted for lack of certainty.
    pub unsure: usize,
    /// Processor time of all picks, milliseconds.
    pub cpu_ms_total: f64,
    /// Processor time of the pick in the middle.
    pub cpu_ms_median: f64,
    /// Processor time that 95 % of picks stay below.
    pub cpu_ms_p95: f64,
    /// Time on the clock of all picks, milliseconds.
    pub wall_ms_total: f64,
    /// What came of proposals, where they were asked for.
    #[serde(flatten)]
    pub proposals: Option<ProposalFigures>,
}

/// What came of the proposals for picks that conflict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposalFigures {
    /// How many there were.
    #[serde(rename = "proposals_made")]
    pub made: usize,
    /// How many of them are what people committed.
    #[serde(rename = "proposals_identical")]
    pub identical: usize,
    /// Processor time that they took, milliseconds; not in that of the picks.
    #[serde(rename = "proposals_cpu_ms_total")]
    pub cpu_ms_total: f64,
}

impl ProposalFigures {
    /// Counts and times of the proposals for these picks.
    #[must_use]
    pub fn of(picks: &[Pick]) -> Self {
        let proposed = || picks.iter().filter_map(|pick| pick.proposed.as_ref());
        let verdicts = || proposed().map(|proposed| proposed.verdict);
        Self {
            made: verdicts()
                .filter(|verdict| *verdict != Verdict::None)
                .count(),
            identical: verdicts()
                .filter(|verdict| *verdict == Verdict::Identical)
                .count(),
            cpu_ms_total: milliseconds(proposed().map(|proposed| proposed.cpu_ns).sum()),
        }
    }
}

/// The figures of a replay, side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Picket's engine.
    pub picket: Figures,
    /// git's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Figures>,
}

impl Figures {
    /// Counts and times of these picks.
    #[must_use]
    pub fn of(picks: &[Pick]) -> Self {
        let count = |wanted: fn(&Replayed) -> bool| {
            picks.iter().filter(|pick| wanted(&pick.outcome)).count()
        };
        let mut cpu: Vec<u64> = picks.iter().filter_map(|pick| pick.cpu_ns).collect();
        cpu.sort_unstable();
        let unsure = count(|outcome| matches!(outcome, Replayed::Unsure(_)));
        Self {
            identical: count(|outcome| matches!(outcome, Replayed::Identical)),
            different: count(|outcome| matches!(outcome, Replayed::Different(_))),
            conflict: unsure + count(|outcome| matches!(outcome, Replayed::Conflict)),
            merge_source: count(|outcome| matches!(outcome, Replayed::MergeSource)),
            missing: count(|outcome| matches!(outcome, Replayed::Missing(_))),
            unsure,
            cpu_ms_total: milliseconds(cpu.iter().sum()),
            cpu_ms_median: quantile(&cpu, 50),
            cpu_ms_p95: quantile(&cpu, 95),
            wall_ms_total: milliseconds(picks.iter().filter_map(|pick| pick.wall_ns).sum()),
            proposals: None,
        }
    }

    /// As [`Figures::of`], with git's start and end counted in the totals.
    #[must_use]
    pub fn of_git(git: &GitPicks) -> Self {
        Self {
            cpu_ms_total: milliseconds(git.cpu_ns),
            wall_ms_total: milliseconds(git.wall_ns),
            ..Self::of(&git.picks)
        }
    }
}

fn quantile(sorted: &[u64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .map_or(0.0, |value| milliseconds(*value))
}

fn milliseconds(nanoseconds: u64) -> f64 {
    // Microseconds are exact enough, and short to read.
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of a run fit a double"
    )]
    let exact = nanoseconds as f64 / NANOSECONDS;
    (exact * 1e3).round() / 1e3
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = vec![("picket", &self.picket)];
        columns.extend(self.git.iter().map(|git| ("git", git)));
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn Fn(&Figures) -> String| {
            write!(f, "{name:<16}")?;
            columns
                .iter()
                .try_for_each(|(_, figures)| write!(f, "{:>14}", value(figures)))?;
            writeln!(f)
        };
        write!(f, "{:<16}", "")?;
        columns
            .iter()
            .try_for_each(|(name, _)| write!(f, "{name:>14}"))?;
        writeln!(f)?;
        row(f, "identical", &|figures| figures.identical.to_string())?;
        row(f, "different", &|figures| figures.different.to_string())?;
        row(f, "conflict", &|figures| figures.conflict.to_string())?;
        row(f, "merge-source", &|figures| {
            figures.merge_source.to_string()
        })?;
        row(f, "missing", &|figures| figures.missing.to_string())?;
        row(f, "CPU total", &|figures| {
            format!("{:.1} ms", figures.cpu_ms_total)
        })?;
        row(f, "CPU median", &|figures| {
            format!("{:.3} ms", figures.cpu_ms_median)
        })?;
        row(f, "CPU p95", &|figures| {
            format!("{:.3} ms", figures.cpu_ms_p95)
        })?;
        row(f, "wall total", &|figures| {
            format!("{:.1} ms", figures.wall_ms_total)
        })?;
        let Some(proposals) = &self.picket.proposals else {
            return Ok(());
        };
        writeln!(f, "{:<16}{:>14}", "proposals", proposals.made)?;
        writeln!(f, "{:<16}{:>14}", "  identical", proposals.identical)?;
        writeln!(
            f,
            "{:<16}{:>11.1} ms",
            "  CPU total", proposals.cpu_ms_total
        )
    }
}
