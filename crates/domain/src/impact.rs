//! What a pick changes of the package set, so that people know before they approve.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// How an impact was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// From what may read what the pick touches.
    Estimate,
    /// By evaluating everything with and without the pick.
    Exact,
}

/// What came of finding out what a pick, alone on a base, changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "impact", rename_all = "snake_case")]
pub enum ImpactOutcome {
    /// This.
    Known(Box<Impact>),
    /// The package set as a whole does not evaluate with the pick, or not without it.
    Unknown {
        /// Why, as Nix says it.
        reason: String,
    },
}

/// What a pick, alone on a base, changes of the package set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// How this is known.
    pub certainty: Certainty,
    /// There with and without the pick, but not the same; those that get another version first.
    pub changed: Listed<ImpactedPackage>,
    /// There with the pick alone.
    pub added: Listed<ImpactedPackage>,
    /// There without the pick alone.
    pub removed: Listed<ImpactedPackage>,
    /// Those that evaluate without the pick alone.
    pub newly_failing: Listed<FailingPackage>,
    /// Those that evaluate with the pick alone.
    pub newly_working: Listed<ImpactedPackage>,
    /// How many derivations the base does not have, those behind the packages included.
    pub derivations: u64,
    /// How long these took when they were last built here; `None`: nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<BuildingTime>,
    /// What is not known, in words; of an exact answer nothing.
    pub unknown: Vec<String>,
    /// How long it took, in milliseconds, once the base was known.
    pub millis: u64,
}

/// How long derivations took when they, or other versions of them, were last built here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildingTime {
    /// All of them together, in seconds of one builder.
    pub seconds: u64,
    /// How many were never built here, and so are not in that.
    pub unseen: u64,
}

/// A list that may be longer than what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    /// How many there are.
    pub count: u32,
    /// The first of them: at most [`Listed::KEPT`].
    pub first: Vec<T>,
}

/// A package that a pick changes, adds or removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactedPackage {
    /// Its attribute path, with dots.
    pub attribute: String,
    /// Its version without the pick; `None`: it is not there.
    pub old: Option<String>,
    /// Its version with the pick; `None`: it is not there.
    pub new: Option<String>,
}

/// A package that does not evaluate any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingPackage {
    /// Its attribute path, with dots.
    pub attribute: String,
    /// Its version without the pick.
    pub old: Option<String>,
    /// The beginning of what Nix says.
    pub message: String,
}

/// What planning and lists need of an impact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "impact", rename_all = "snake_case")]
pub enum ImpactSummary {
    /// It is known.
    Known {
        /// How.
        certainty: Certainty,
        /// How many packages are to be built: changed, added, newly working.
        packages: u32,
        /// How many packages go, or stop to evaluate.
        lost: u32,
        /// How many derivations the base does not have.
        derivations: u64,
        /// Whether there may be more.
        is_partial: bool,
        /// Those that get another version: at most [`ImpactSummary::VERSIONS`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<ImpactedPackage>,
    },
    /// The package set as a whole does not evaluate.
    Unknown,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self {
            count: 0,
            first: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    /// The most that is kept of a list: what a page shows, and a mass rebuild's list is no reading.
    pub const KEPT: usize = 200;

    /// Keeps the first of a list.
    pub fn of(all: impl ExactSizeIterator<Item = T>) -> Self {
        Self {
            count: u32::try_from(all.len()).unwrap_or(u32::MAX),
            first: all.take(Self::KEPT).collect(),
        }
    }

    /// How many are not kept.
    pub fn more(&self) -> u32 {
        self.count.saturating_sub(self.first.len() as u32)
    }
}

impl ImpactOutcome {
    /// What planning and lists need of it.
    pub fn summary(&self) -> ImpactSummary {
        match self {
            Self::Unknown { .. } => ImpactSummary::Unknown,
            Self::Known(impact) => ImpactSummary::Known {
                certainty: impact.certainty,
                packages: impact.changed.count + impact.added.count + impact.newly_working.count,
                lost: impact.removed.count + impact.newly_failing.count,
                derivations: impact.derivations,
                is_partial: !impact.unknown.is_empty(),
                versions: impact.other_versions(),
            },
        }
    }
}

impl Impact {
    /// The first of those that get another version. What is built anew at the same one is none.
    fn other_versions(&self) -> Vec<ImpactedPackage> {
        let changed = self.changed.first.iter();
        let other = changed.filter(|it| it.old.is_some() && it.new.is_some() && it.old != it.new);
        other.take(ImpactSummary::VERSIONS).cloned().collect()
    }
}

impl ImpactedPackage {
    /// What happens to it: `redis 7.2.7 → 8.0.2`.
    pub fn words(&self) -> String {
        let version = |it: &Option<String>| it.clone().unwrap_or_else(|| "?".to_owned());
        format!(
            "{} {} → {}",
            self.attribute,
            version(&self.old),
            version(&self.new)
        )
    }

    /// Whether the first number of its version is another one, which is where updates break things.
    pub fn is_major(&self) -> bool {
        let first = |version: &Option<String>| {
            let version = version.as_deref()?;
            version.split(['.', '-', '_']).next().map(str::to_owned)
        };
        first(&self.old) != first(&self.new)
    }
}

impl ImpactSummary {
    /// Packages with another version that are kept: a fix has one, or one in each of some forms.
    pub const VERSIONS: usize = 5;

    /// The packages that get another version, as far as they are kept.
    pub fn versions(&self) -> &[ImpactedPackage] {
        match self {
            Self::Known { versions, .. } => versions,
            Self::Unknown => &[],
        }
    }

    /// Whether it is worth finding out better.
    pub(crate) fn is_below(&self, wanted: Certainty) -> bool {
        match self {
            Self::Known { certainty, .. } => *certainty < wanted,
            Self::Unknown => false,
        }
    }

    /// Whether more than so many derivations are to be built, or may be for all that is known.
    pub fn may_exceed(&self, derivations: u32) -> bool {
        match self {
            Self::Known {
                derivations: found, ..
            } => *found > u64::from(derivations),
            Self::Unknown => true,
        }
    }

    /// A few words for a list: `3 packages, 7 builds`; over the channel's limit, `mass rebuild:
    /// 14,000 builds`.
    pub fn words(&self, rebuild_limit: u32) -> String {
        let Self::Known {
            packages,
            lost,
            derivations,
            is_partial,
            ..
        } = *self
        else {
            return "does not evaluate".to_owned();
        };
        let mut words = String::new();
        if is_partial {
            words += "at least ";
        }
        let builds = counted(derivations, "build");
        if derivations > u64::from(rebuild_limit) {
            let _ = write!(words, "mass rebuild: {builds}");
        } else if packages == 0 && derivations == 0 && lost == 0 {
            words += "no package";
        } else {
            let _ = write!(words, "{}, {builds}", counted(packages.into(), "package"));
        }
        if lost > 0 {
            let _ = write!(words, ", {} lost", grouped(lost.into()));
        }
        words
    }
}

fn counted(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n))
}

/// A number with its thousands apart: `14,000`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(packages: u32, derivations: u64, lost: u32, is_partial: bool) -> ImpactSummary {
        ImpactSummary::Known {
            certainty: Certainty::Estimate,
            packages,
            lost,
            derivations,
            is_partial,
            versions: Vec::new(),
        }
    }

    #[test]
    fn a_major_step_is_told_from_others() {
        for (old, new, is_major) in [
            ("7.2.7", "8.0.2", true),
            ("7.2.7", "7.10.0", false),
            ("2026-01-01", "2026-02-01", false),
            ("1", "1", false),
        ] {
            let package = ImpactedPackage {
                attribute: "redis".into(),
                old: Some(old.into()),
                new: Some(new.into()),
            };
            assert_eq!(package.is_major(), is_major, "{old} {new}");
            assert_eq!(package.words(), format!("redis {old} → {new}"));
        }
    }

    #[test]
    fn an_impact_is_told_in_a_few_words() {
        let words = |impact: ImpactSummary| impact.words(500);
        assert_eq!(words(known(0, 0, 0, false)), "no package");
        assert_eq!(words(known(1, 1, 0, false)), "1 package, 1 build");
        assert_eq!(
            words(known(3, 7, 1, true)),
            "at least 3 packages, 7 builds, 1 lost"
        );
        assert_eq!(words(known(9, 501, 0, false)), "mass rebuild: 501 builds");
        assert_eq!(
            words(known(4809, 14_000, 0, false)),
            "mass rebuild: 14,000 builds"
        );
        assert_eq!(words(ImpactSummary::Unknown), "does not evaluate");
    }

    #[test]
    fn what_is_not_known_may_exceed_any_limit() {
        assert!(ImpactSummary::Unknown.may_exceed(u32::MAX));
        assert!(known(1, 501, 0, false).may_exceed(500));
        assert!(!known(1, 500, 0, false).may_exceed(500));
    }

    #[test]
    fn a_long_list_is_counted_and_cut() {
        let listed = Listed::of(0..1000);
        assert_eq!(
            (listed.count, listed.first.len()),
            (1000, Listed::<u32>::KEPT)
        );
        assert_eq!(listed.more(), 800);
        assert_eq!(
            [0, 7, 999, 1000, 1_234_567].map(grouped).join(" "),
            "0 7 999 1,000 1,234,567"
        );
    }
}
