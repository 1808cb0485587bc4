//! What a channel's owners ask of a release.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelName, InvalidId, JobName};

/// The rules of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The channel.
    pub channel: ChannelName,
    /// How many people other than the author must approve a head; at least 1.
    pub required_approvals: u32,
    /// The jobs that a release must not break. A changed job that matches none of these may fail.
    pub required_jobs: Vec<JobPattern>,
    /// When a failed build is tried again.
    pub retry: RetryPolicy,
}

impl Policy {
    /// Whether a release must not break this job.
    pub fn requires(&self, job: &JobName) -> bool {
        self.required_jobs
            .iter()
            .any(|pattern| pattern.matches(job))
    }
}

/// When a failed build is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often in all a build is tried that failed by its own fault. More than one tells flaky
    /// from broken; at least 1.
    pub attempts: u32,
    /// Seconds to wait after the first failure by the machine's fault; each further wait doubles.
    pub transient_wait_seconds: i64,
}

/// A pattern for job names, in which `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobPattern(String);

impl JobPattern {
    /// Takes a pattern: a job name that may hold `*`.
    ///
    /// # Errors
    /// [`InvalidId`] where it could match no job.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        JobName::parse(text).map(|name| Self(name.into()))
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
