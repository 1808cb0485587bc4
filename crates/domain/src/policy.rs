//! What a channel's owners ask of a release.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::id::{ChannelName, JobName};
use crate::impact::ImpactSummary;
use crate::invalid_id::InvalidId;

/// The rules of one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The channel.
    pub channel: ChannelName,
    /// How many people other than the author must approve a head; at least 1.
    pub required_approvals: u32,
    /// When more people must approve, for how much has to be built; `None`: never.
    pub mass_rebuild: Option<MassRebuild>,
    /// The jobs that a release must not break. A changed job that matches none of these may fail.
    pub required_jobs: Vec<JobPattern>,
    /// What becomes of the tests that the packages name which a change touches.
    #[serde(default)]
    pub package_tests: PackageTests,
    /// When a failed build is tried again.
    pub retry: RetryPolicy,
    /// What becomes of a base that would take a released fix away.
    pub base_hold: BaseHold,
    /// After how many seconds a build that still runs may be overtaken by fixes that are not in
    /// it.
    pub overtake_seconds: i64,
    /// Whether clients are led to a release only after its tag and branch were pushed.
    pub push_first: bool,
}

/// What is asked of a pick that rebuilds much: servers will fetch all of it, and a mistake in it is
/// everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassRebuild {
    /// More derivations than these are a mass rebuild.
    pub over: u32,
    /// How many people other than the author must approve one.
    pub approvals: u32,
}

/// What becomes of a base on which a released fix does not apply, or not as it was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseHold {
    /// For how many seconds the channel stays on the base that it has, and the team is told.
    pub seconds: i64,
    /// What comes then.
    pub then: AfterHold,
}

/// What comes when a base was held back for as long as the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterHold {
    /// The channel stays where it is until a person has decided.
    Hold,
    /// The channel goes on without the fix.
    Drop,
}

/// What becomes of the tests that packages name themselves (`passthru.tests`), where a change touches
/// the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageTests {
    /// They are built, and a release must not break them.
    #[default]
    Require,
    /// They are built and shown, and hold nothing up.
    Build,
    /// They are not looked at.
    Off,
}

impl PackageTests {
    /// How many of them are built for one revision: a NixOS test takes minutes, and a library that
    /// much needs leads to hundreds.
    const MOST: u32 = 200;

    /// How many of them are built for one revision at most.
    pub fn most(self) -> u32 {
        match self {
            Self::Require | Self::Build => Self::MOST,
            Self::Off => 0,
        }
    }

    /// Whether a release must not break them.
    pub fn are_required(self) -> bool {
        match self {
            Self::Require => true,
            Self::Build | Self::Off => false,
        }
    }
}

impl Policy {
    /// How many people must approve a pick that changes this; at least 1. What nobody has found out
    /// yet counts as much.
    pub fn required(&self, impact: Option<&ImpactSummary>) -> u32 {
        let required = self.required_approvals.max(1);
        match self.mass_rebuild {
            Some(mass) if impact.is_none_or(|impact| impact.may_exceed(mass.over)) => {
                required.max(mass.approvals)
            }
            Some(_) | None => required,
        }
    }

    /// Whether a release must not break this job.
    pub fn requires(&self, job: &JobName) -> bool {
        self.required_jobs
            .iter()
            .any(|pattern| pattern.matches(job))
    }

    /// The hash of the rules: a release is sealed only under those that it was planned by.
    pub fn digest(&self) -> Sha256 {
        let json = serde_json::to_vec(self).expect("a policy has no map");
        Sha256::of(&json)
    }
}

/// When a failed build is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How often in all a build is tried that failed by its own fault. More than one tells flaky
    /// from broken; at least 1.
    pub attempts: u32,
    /// Seconds to wait after the first failure by the machine's fault; each further wait doubles.
    pub transient_wait_seconds: i64,
    /// How often in a row a build is tried that fails by the machine's fault, before it is given up
    /// for now; at least 1.
    pub transient_attempts: u32,
    /// For how many seconds it is then given up.
    pub give_up_seconds: i64,
}

impl Policy {
    /// The rules of a channel whose owners say no more than its name: two people approve, all jobs
    /// are required.
    pub fn of(channel: ChannelName) -> Self {
        Self {
            channel,
            required_approvals: 2,
            mass_rebuild: None,
            required_jobs: vec![JobPattern::all()],
            package_tests: PackageTests::default(),
            retry: RetryPolicy::default(),
            base_hold: BaseHold::default(),
            overtake_seconds: 15 * 60,
            push_first: false,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 2,
            transient_wait_seconds: 60,
            transient_attempts: 4,
            give_up_seconds: 6 * 3_600,
        }
    }
}

impl Default for BaseHold {
    fn default() -> Self {
        Self {
            seconds: 24 * 3_600,
            then: AfterHold::Hold,
        }
    }
}

/// A pattern for job names, in which `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobPattern(String);

impl JobPattern {
    /// The pattern that names every job.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Takes a pattern: a job name that may hold `*`.
    ///
    /// # Errors
    /// [`InvalidId`] where it could match no job.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        JobName::parse(text).map(|name| Self(name.into()))
    }

    /// Whether it names every job, whichever there are.
    pub fn names_all(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'*')
    }

    /// Whether the whole name matches.
    pub fn matches(&self, job: &JobName) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts
            .next()
            .and_then(|first| job.as_str().strip_prefix(first))
        else {
            return false;
        };
        let mut parts: Vec<_> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl TryFrom<String> for JobPattern {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl fmt::Display for JobPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<JobPattern> for String {
    fn from(pattern: JobPattern) -> String {
        pattern.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        let matches = |pattern: &str, job: &str| {
            JobPattern::parse(pattern)
                .unwrap()
                .matches(&JobName::parse(job).unwrap())
        };
        assert!(matches("*", "tests.openssl"));
        assert!(matches("tests.*", "tests.openssl"));
        assert!(matches("*.openssl", "tests.openssl"));
        assert!(matches("t*s.*ssl", "tests.openssl"));
        assert!(matches("tests.openssl", "tests.openssl"));
        assert!(!matches("tests.openssl", "tests.openssl.x"));
        assert!(!matches("tests.*", "nixpkgs.tests.x"));
        assert!(!matches("a*a", "a"));
    }
}
