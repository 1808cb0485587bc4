//! From what Nix says of derivations to what came of jobs.

use std::collections::{BTreeMap, BTreeSet};

mod cause;
mod network;
mod words;

use picket_domain::StorePath;

use crate::daemon::{BuildResult, Status};
use picket_nix::text;

pub(crate) use cause::cause;
pub(crate) use words::log_tail;

/// Why a derivation is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The derivation whose own build failed.
    pub(crate) drv: StorePath,
    /// What Nix says about it, cleaned.
    pub(crate) message: String,
    /// How it failed; `None`: Nix never came to it.
    pub(crate) status: Option<Status>,
}

/// What building came to.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) by_drv: BTreeMap<StorePath, BuildResult>,
}

impl Results {
    /// Finds the derivation that a job's derivation failed by: its own, or one that it needs. Of
    /// several, always the same one, so that all jobs that need them name the same culprit.
    pub(crate) fn failure_of(
        &self,
        drv: &StorePath,
        inputs: &mut dyn FnMut(&StorePath) -> Vec<StorePath>,
    ) -> Failure {
        let mut seen = BTreeSet::new();
        let found = self.search(drv, inputs, &mut seen);
        let culprit = found.unwrap_or_else(|| drv.clone());
        let result = self.by_drv.get(&culprit);
        let message = match result {
            Some(result) => &result.message,
            None => "Nix did not build it and does not say why",
        };
        Failure {
            message: text::clean(message).trim().to_owned(),
            status: result.map(|result| result.status),
            drv: culprit,
        }
    }

    fn search(
        &self,
        drv: &StorePath,
        inputs: &mut dyn FnMut(&StorePath) -> Vec<StorePath>,
        seen: &mut BTreeSet<StorePath>,
    ) -> Option<StorePath> {
        let mut waiting = vec![drv.clone()];
        while let Some(drv) = waiting.pop() {
            if !seen.insert(drv.clone()) {
                continue;
            }
            match self.by_drv.get(&drv).map(|result| result.status) {
                None | Some(Status::Success) => {}
                Some(Status::DependencyFailed) => waiting.extend(inputs(&drv).into_iter().rev()),
                Some(_) => return Some(drv),
            }
        }
        None
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::*;

    pub(crate) fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

    pub(crate) fn failed(status: Status, message: &str) -> Failure {
        Failure {
            drv: drv("x"),
            message: message.into(),
            status: Some(status),
        }
    }
}

#[cfg(test)]
mod tests {
    use picket_domain::FailureCause;

    use super::fixtures::drv;
    use super::*;

    fn results(results: &[(&str, Status)]) -> Results {
        let result = |(name, status): &(&str, Status)| {
            let message = format!("message of {name}");
            (
                drv(name),
                BuildResult {
                    status: *status,
                    message,
                },
            )
        };
        Results {
            by_drv: results.iter().map(result).collect(),
        }
    }

    /// app -> lib -> base; tool -> base
    fn inputs(of: &StorePath) -> Vec<StorePath> {
        match of.name() {
            "app.drv" => vec![drv("lib"), drv("tool")],
            "lib.drv" | "tool.drv" => vec![drv("base")],
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_derivation_that_really_failed_is_found() {
        let results = results(&[
            ("app", Status::DependencyFailed),
            ("lib", Status::DependencyFailed),
            ("tool", Status::Success),
            ("base", Status::Failure),
        ]);
        for of in ["app", "lib", "base"] {
            let failure = results.failure_of(&drv(of), &mut inputs);
            assert_eq!(failure.drv, drv("base"), "{of}");
            assert_eq!(failure.status, Some(Status::Failure));
        }
    }

    #[test]
    fn an_input_that_nix_does_not_name_was_to_be_substituted() {
        let results = results(&[("app", Status::DependencyFailed)]);
        let failure = results.failure_of(&drv("app"), &mut inputs);
        assert_eq!(failure.drv, drv("app"));
        assert_eq!(cause(&failure, "", None), FailureCause::InputUnavailable);
    }

    #[test]
    fn what_nix_never_came_to_is_the_machines_fault() {
        let failure = Results::default().failure_of(&drv("app"), &mut inputs);
        assert_eq!(failure.message, "Nix did not build it and does not say why");
        assert_eq!(cause(&failure, "", None), FailureCause::Transient);
    }
}
