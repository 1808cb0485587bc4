//! From what Nix says of derivations to what came of jobs.

use std::collections::{BTreeMap, BTreeSet};

use picket_domain::{FailureCause, StorePath};

use crate::daemon::{BuildResult, Status};
use crate::derivation::Recipe;
use crate::text;

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
    /// Why the whole request broke off, where it did.
    pub(crate) interrupted: Option<String>,
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
        let message = match (result, &self.interrupted) {
            (Some(result), _) => &result.message,
            (None, Some(interrupted)) => interrupted,
            (None, None) => "Nix did not build it and does not say why",
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
                Some(Status::Failure | Status::Transient | Status::TimedOut | Status::Machine) => {
                    return Some(drv);
                }
            }
        }
        None
    }
}

/// Says whose fault a failure is.
///
/// Only Nix's own words count as signs of the machine's fault, not the log: a builder writes
/// there what it likes, and a failure by the machine's fault is tried again without end. Downloads
/// are the exception, since Nix does not know why they fail.
pub(crate) fn cause(failure: &Failure, log: &str, recipe: Option<&Recipe>) -> FailureCause {
    let fixed_output = recipe.is_some_and(|recipe| recipe.fixed_output);
    match failure.status {
        Some(Status::TimedOut) => FailureCause::TimedOut,
        // A dependency that Nix does not name: it was to be substituted, and could not be.
        None | Some(Status::Machine | Status::DependencyFailed | Status::Success) => {
            FailureCause::Transient
        }
        Some(Status::Transient) if !fixed_output => FailureCause::Transient,
        Some(Status::Transient | Status::Failure) => {
            let said = own_words(&failure.message).join("\n");
            if is_machines_fault(&said) || (fixed_output && is_network_fault(log)) {
                FailureCause::Transient
            } else {
                FailureCause::Builder
            }
        }
    }
}

/// What Nix itself says: not the end of the log, which it repeats, and not the command to see all
/// of it, which knows nothing of the logs kept here.
fn own_words(message: &str) -> Vec<&str> {
    let is_repetition = |line: &str| {
        let line = line.to_ascii_lowercase();
        line.starts_with("for full logs, run")
            || (line.starts_with("last ") && line.ends_with("log lines:"))
    };
    let lines = message.lines().map(|line| line.trim_end_matches(';'));
    lines.take_while(|line| !is_repetition(line)).collect()
}

fn is_machines_fault(message: &str) -> bool {
    const SIGNS: [&str; 9] = [
        // The kernel ran out of memory, or somebody stopped the machine's services.
        "failed due to signal 9",
        "failed due to signal 15",
        "No space left on device",
        "unexpected end-of-file",
        "Connection reset",
        "Connection refused",
        "Broken pipe",
        "cannot connect to",
        "Cannot allocate memory",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// What curl, which fetches nixpkgs' sources, says when the network or the server is at fault: it
/// cannot resolve, connect, finish, or the server is overloaded or broken.
fn is_network_fault(log: &str) -> bool {
    const CODES: [&str; 8] = ["6", "7", "18", "28", "35", "52", "55", "56"];
    let by_code = CODES
        .iter()
        .any(|code| log.contains(&format!("curl: ({code})")));
    let by_server = log
        .lines()
        .filter(|line| line.contains("curl: (22)"))
        .any(|line| line.contains("error: 5") || line.contains("error: 429"));
    by_code || by_server
}

/// The end of a failed build's log, and what Nix says about it, bounded.
pub(crate) fn log_tail(log: &str, failure: &Failure) -> String {
    let said = text::head(
        &own_words(&failure.message).join("\n"),
        text::MESSAGE_MAX / 2,
    );
    let log = text::tail(log.trim_end(), text::MESSAGE_MAX - said.len() - 1);
    if log.is_empty() {
        said
    } else {
        format!("{log}\n{said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drv(name: &str) -> StorePath {
        StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32))).unwrap()
    }

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
            interrupted: None,
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
    fn what_nix_does_not_name_is_the_machines_fault() {
        let results = results(&[("app", Status::DependencyFailed)]);
        let failure = results.failure_of(&drv("app"), &mut inputs);
        assert_eq!(failure.drv, drv("app"));
        assert_eq!(cause(&failure, "", None), FailureCause::Transient);

        let broken_off = Results {
            interrupted: Some("the connection broke".into()),
            ..Results::default()
        };
        let failure = broken_off.failure_of(&drv("app"), &mut inputs);
        assert_eq!(failure.message, "the connection broke");
        assert_eq!(cause(&failure, "", None), FailureCause::Transient);
    }

    fn failed(status: Status, message: &str) -> Failure {
        Failure {
            drv: drv("x"),
            message: message.into(),
            status: Some(status),
        }
    }

    #[test]
    fn a_log_cannot_claim_to_be_the_machines_fault() {
        let failure = failed(
            Status::Failure,
            "builder for 'x' failed with exit code 1;\nlast 1 log lines:\n> No space left on device",
        );
        let log = "No space left on device\ncurl: (7) Failed to connect";
        assert_eq!(cause(&failure, log, None), FailureCause::Builder);
        let killed = failed(
            Status::Failure,
            "builder for 'x' failed due to signal 9 (Killed)",
        );
        assert_eq!(cause(&killed, "", None), FailureCause::Transient);
        // As Nix 2.34 says it.
        let killed = failed(
            Status::Failure,
            "Cannot build 'x'.\nReason: builder failed due to signal 9 (Killed).\nOutput paths:\n  x",
        );
        assert_eq!(cause(&killed, "", None), FailureCause::Transient);
        let crashed = failed(Status::Failure, "builder for 'x' failed due to signal 11");
        assert_eq!(cause(&crashed, "", None), FailureCause::Builder);
    }

    #[test]
    fn a_download_fails_by_the_network_or_by_its_address() {
        let download = Recipe {
            inputs: Vec::new(),
            outputs: Vec::new(),
            fixed_output: true,
        };
        let failure = failed(Status::Transient, "builder for 'x' failed with exit code 1");
        let of = |log| cause(&failure, log, Some(&download));
        assert_eq!(of("curl: (7) Failed to connect"), FailureCause::Transient);
        assert_eq!(
            of("curl: (22) The requested URL returned error: 503"),
            FailureCause::Transient
        );
        assert_eq!(
            of("curl: (22) The requested URL returned error: 404"),
            FailureCause::Builder
        );
        assert_eq!(cause(&failure, "", None), FailureCause::Transient);
    }

    #[test]
    fn the_tail_is_the_log_and_what_nix_says() {
        let failure = failed(
            Status::Failure,
            "builder for '/nix/store/x.drv' failed with exit code 3;\nlast 1 log lines:\n> oops\n\
             For full logs, run 'nix log /nix/store/x.drv'.",
        );
        assert_eq!(
            log_tail("one\noops\n", &failure),
            "one\noops\nbuilder for '/nix/store/x.drv' failed with exit code 3"
        );
        let newer = failed(
            Status::Failure,
            "Cannot build 'x'.\nReason: builder failed with exit code 3.\nLast 1 log lines:\n> oops",
        );
        assert_eq!(
            log_tail("oops\n", &newer),
            "oops\nCannot build 'x'.\nReason: builder failed with exit code 3."
        );
        assert!(log_tail(&"long line\n".repeat(10_000), &failure).len() <= text::MESSAGE_MAX);
    }
}
