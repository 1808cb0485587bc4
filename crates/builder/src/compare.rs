//! Which jobs differ between the base and a revision.

use std::collections::BTreeMap;

use picket_domain::{JobName, StorePath};

use picket_evaluator::{Job, JobError, Jobs};

/// How a job differs from the base's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its outputs are others, or the base does not have it.
    Build(Box<Job>),
    /// It does not evaluate. At the base it does, or is not there.
    Broken(JobError),
    /// It evaluates at the base, and is not there any more.
    Gone,
    /// It is not there, and this aggregate stands for it.
    Missing(JobName),
    /// It is not fit to be shipped, for this reason.
    Refused(String),
}

impl Change {
    /// The derivation that is to be built, if there is one.
    pub(crate) fn drv(&self) -> Option<&StorePath> {
        match self {
            Self::Build(job) => Some(&job.drv),
            Self::Broken(_) | Self::Gone | Self::Missing(_) | Self::Refused(_) => None,
        }
    }
}

/// The jobs that differ. A job that is broken at the base and not mended is none of them.
pub(crate) fn compare(base: &Jobs, head: &Jobs) -> BTreeMap<JobName, Change> {
    let gone = base
        .iter()
        .filter(|(name, job)| job.is_ok() && !head.contains_key(*name))
        .map(|(name, _)| (name.clone(), Change::Gone));
    let changed = head.iter().filter_map(|(name, job)| {
        let change = match (base.get(name), job) {
            (Some(Ok(before)), Ok(job)) if before.outputs == job.outputs => return None,
            (Some(Err(_)), Err(_)) => return None,
            (_, Ok(job)) => Change::Build(Box::new(job.clone())),
            (_, Err(error)) => Change::Broken(error.clone()),
        };
        Some((name.clone(), change))
    });
    gone.chain(changed).collect()
}

#[cfg(test)]
mod tests {
    use picket_domain::StorePath;

    use super::*;

    fn path(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}", "0".repeat(32))).unwrap()
    }

    fn job(drv: &str, output: &str) -> Result<Job, JobError> {
        let outputs = BTreeMap::from([("out".to_owned(), path(output))]);
        let drv = path(&format!("{drv}.drv"));
        Ok(Job::new(drv, outputs, "x86_64-linux".into()))
    }

    fn broken() -> Result<Job, JobError> {
        Err(JobError::TooDeep { most: 1 })
    }

    fn jobs<const N: usize>(jobs: [(&str, Result<Job, JobError>); N]) -> Jobs {
        let named = jobs.map(|(name, job)| (JobName::parse(name).unwrap(), job));
        named.into_iter().collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let base = jobs([
            ("same", job("same", "same")),
            ("other-source-same-output", job("old", "download")),
            ("changed", job("a", "a")),
            ("gone", job("gone", "gone")),
            ("breaks", job("b", "b")),
            ("mended", broken()),
            ("still-broken", broken()),
            ("broken-and-gone", broken()),
        ]);
        let head = jobs([
            ("same", job("same", "same")),
            ("other-source-same-output", job("new", "download")),
            ("changed", job("a2", "a2")),
            ("breaks", broken()),
            ("mended", job("m", "m")),
            ("still-broken", broken()),
            ("new", job("n", "n")),
            ("new-and-broken", broken()),
        ]);
        let told: Vec<_> = compare(&base, &head)
            .into_iter()
            .map(|(name, change)| {
                let kind = match change {
                    Change::Build(job) => format!("build {}", job.drv.name()),
                    Change::Broken(_) => "broken".to_owned(),
                    Change::Gone | Change::Missing(_) => "gone".to_owned(),
                    Change::Refused(why) => why,
                };
                format!("{name}: {kind}")
            })
            .collect();
        assert_eq!(
            told,
            [
                "breaks: broken",
                "changed: build a2.drv",
                "gone: gone",
                "mended: build m.drv",
                "new: build n.drv",
                "new-and-broken: broken",
            ]
        );
    }
}
