//! Whose fault a failure is, and of which kind.

use picket_domain::FailureCause;

use super::Failure;
use super::network::is_network_fault;
use super::words::{found_disk_full, own_words};
use crate::daemon::Status;
use picket_nix::derivation::Recipe;

/// Says why a build failed.
///
/// Only Nix's own words count as signs of the machine's fault, not the log: a builder writes
/// there what it likes, and a failure by the machine's fault is tried again and again. Downloads
/// are the exception, since Nix does not know why they fail.
pub(crate) fn cause(failure: &Failure, log: &str, recipe: Option<&Recipe>) -> FailureCause {
    let fixed_output = recipe.is_some_and(|recipe| recipe.fixed_output);
    match failure.status {
        Some(Status::TimedOut) => FailureCause::TimedOut,
        Some(Status::LogLimitExceeded) => FailureCause::LogTooLarge,
        Some(Status::NotDeterministic) => FailureCause::NotDeterministic,
        Some(Status::NoMachine) => FailureCause::NoMachine,
        Some(Status::Lost) => FailureCause::BuilderLost,
        // A dependency that Nix does not name: it was to be substituted, and could not be.
        Some(Status::NoSubstituters | Status::DependencyFailed) => FailureCause::InputUnavailable,
        Some(Status::OutputRejected) => rejected(failure),
        None | Some(Status::Machine | Status::Success) => of_nix(failure),
        Some(Status::Transient) if !fixed_output => {
            sign(&said(failure)).unwrap_or(FailureCause::DiskFull)
        }
        Some(Status::Transient | Status::Failure) => of_builder(failure, log, fixed_output),
    }
}

/// Nix failed while it built, or took in what was made.
fn of_nix(failure: &Failure) -> FailureCause {
    let said = said(failure);
    // Before all else: the name of the file stands before these words, and its author chose it.
    if said.contains("' has an unsupported type") {
        return FailureCause::UnsupportedOutput;
    }
    sign(&said).unwrap_or(FailureCause::Transient)
}

/// The builder ended well, and Nix does not take what it made.
fn rejected(failure: &Failure) -> FailureCause {
    if found_disk_full(&failure.message) {
        return FailureCause::DiskFull;
    }
    FailureCause::OutputRejected
}

/// The builder failed.
fn of_builder(failure: &Failure, log: &str, fixed_output: bool) -> FailureCause {
    let said = said(failure);
    // What was fetched is not what was asked for: whatever else the log tells, of mirrors that did
    // not answer, another try will not mend that.
    if said.contains("hash mismatch in fixed-output derivation") {
        return FailureCause::OutputRejected;
    }
    if found_disk_full(&failure.message) {
        return FailureCause::DiskFull;
    }
    match sign(&said) {
        Some(cause) => cause,
        None if fixed_output && is_network_fault(log) => FailureCause::SourceUnavailable,
        None => FailureCause::Builder,
    }
}

fn said(failure: &Failure) -> String {
    own_words(&failure.message).join("\n")
}

/// What Nix says where the machine, its disk, its memory or a remote builder is at fault. Exit codes
/// over 128 are what a shell gives for a child that was stopped by a signal.
const SIGNS: [(&str, FailureCause); 31] = [
    // The kernel ran out of memory, or somebody stopped the machine's services.
    ("failed due to signal 9", FailureCause::Killed),
    ("failed due to signal 15", FailureCause::Killed),
    ("failed with exit code 137", FailureCause::Killed),
    ("failed with exit code 143", FailureCause::Killed),
    ("Cannot allocate memory", FailureCause::Transient),
    ("std::bad_alloc", FailureCause::Transient),
    ("Resource temporarily unavailable", FailureCause::Transient),
    ("Too many open files", FailureCause::Transient),
    ("unable to fork", FailureCause::Transient),
    // The disk.
    ("No space left on device", FailureCause::DiskFull),
    ("Disk quota exceeded", FailureCause::DiskFull),
    ("Read-only file system", FailureCause::Transient),
    ("Input/output error", FailureCause::Transient),
    ("Stale file handle", FailureCause::Transient),
    ("executing SQLite", FailureCause::Transient),
    ("database disk image is malformed", FailureCause::Transient),
    // A remote builder, or the daemon.
    ("unexpected end-of-file", FailureCause::BuilderLost),
    (
        "Nix daemon disconnected unexpectedly",
        FailureCause::BuilderLost,
    ),
    ("Connection reset", FailureCause::BuilderLost),
    ("Connection refused", FailureCause::BuilderLost),
    ("Connection timed out", FailureCause::BuilderLost),
    ("Connection closed", FailureCause::BuilderLost),
    ("Broken pipe", FailureCause::BuilderLost),
    ("No route to host", FailureCause::BuilderLost),
    ("Network is unreachable", FailureCause::BuilderLost),
    (
        "Temporary failure in name resolution",
        FailureCause::BuilderLost,
    ),
    ("cannot connect to", FailureCause::BuilderLost),
    (
        "cannot open connection to remote store",
        FailureCause::BuilderLost,
    ),
    ("failed to start SSH", FailureCause::BuilderLost),
    ("build hook", FailureCause::BuilderLost),
    ("cannot build on 'ssh", FailureCause::BuilderLost),
];

/// The first sign of the machine's fault in what Nix says.
fn sign(said: &str) -> Option<FailureCause> {
    let sign = SIGNS.iter().find(|(sign, _)| said.contains(sign));
    sign.map(|(_, cause)| *cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::fixtures::failed;

    fn download() -> Recipe {
        Recipe {
            fixed_output: true,
            ..Recipe::default()
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
        assert_eq!(cause(&killed, "", None), FailureCause::Killed);
        // As Nix 2.34 says it.
        let killed = failed(
            Status::Failure,
            "Cannot build 'x'.\nReason: builder failed due to signal 9 (Killed).\nOutput paths:\n  x",
        );
        assert_eq!(cause(&killed, "", None), FailureCause::Killed);
        let crashed = failed(Status::Failure, "builder for 'x' failed due to signal 11");
        assert_eq!(cause(&crashed, "", None), FailureCause::Builder);
    }

    #[test]
    fn a_download_fails_by_the_network_or_by_its_address() {
        let failure = failed(Status::Transient, "builder for 'x' failed with exit code 1");
        let of = |log| cause(&failure, log, Some(&download()));
        for log in [
            "curl: (7) Failed to connect",
            "curl: (22) The requested URL returned error: 503",
        ] {
            assert_eq!(of(log), FailureCause::SourceUnavailable, "{log}");
        }
        assert_eq!(
            of("curl: (22) The requested URL returned error: 404"),
            FailureCause::Builder
        );
    }

    #[test]
    fn a_mirror_that_did_not_answer_excuses_no_other_content() {
        let log = "curl: (6) Could not resolve host: mirror.example\ntrying the next";
        let message =
            "hash mismatch in fixed-output derivation '/nix/store/x.drv':\n  specified: A";
        for status in [Status::Failure, Status::OutputRejected] {
            let cause = cause(&failed(status, message), log, Some(&download()));
            assert_eq!(cause, FailureCause::OutputRejected);
        }
    }

    #[test]
    fn the_machines_words_are_known() {
        use FailureCause::{BuilderLost, DiskFull, Killed, Transient};
        for (status, message, expected) in [
            (
                Status::Failure,
                "builder for 'x' failed with exit code 137",
                Killed,
            ),
            (
                Status::Failure,
                "error: writing to file: No space left on device",
                DiskFull,
            ),
            (
                Status::Transient,
                "builder for 'x' failed with exit code 1",
                DiskFull,
            ),
            (
                Status::Failure,
                "builder for 'x' failed with exit code 1;\nlast 1 log lines:\n> oops\n\
                 For full logs, run 'nix log x'.\n\
                 note: build failure may have been caused by lack of free disk space",
                DiskFull,
            ),
            (Status::Machine, "unexpected end-of-file", BuilderLost),
            (Status::Machine, "something else", Transient),
            (
                Status::Failure,
                "error: failed to start SSH connection to 'builder'",
                BuilderLost,
            ),
            (
                Status::Failure,
                "cannot build on 'ssh://b': error: cannot connect to 'b'",
                BuilderLost,
            ),
            (
                Status::Failure,
                "cannot open connection to remote store 'ssh-ng://b'",
                BuilderLost,
            ),
            (
                Status::Failure,
                "unable to fork: Resource temporarily unavailable",
                Transient,
            ),
        ] {
            assert_eq!(
                cause(&failed(status, message), "", None),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn what_the_change_does_wrong_is_told_apart() {
        use FailureCause::{
            Builder, InputUnavailable, LogTooLarge, NoMachine, NotDeterministic, OutputRejected,
            TimedOut, UnsupportedOutput,
        };
        for (status, message, expected) in [
            (
                Status::Failure,
                "builder for 'x' failed with exit code 2",
                Builder,
            ),
            (
                Status::Failure,
                "builder for 'x' failed due to signal 6 (Aborted)",
                Builder,
            ),
            (
                Status::OutputRejected,
                "builder for 'x' failed to produce output path",
                OutputRejected,
            ),
            (
                Status::LogLimitExceeded,
                "x killed after writing more than 10 bytes",
                LogTooLarge,
            ),
            (
                Status::NotDeterministic,
                "x may not be deterministic",
                NotDeterministic,
            ),
            (Status::TimedOut, "x timed out after 1 seconds", TimedOut),
            (Status::NoMachine, "", NoMachine),
            (Status::NoSubstituters, "", InputUnavailable),
            (
                Status::Machine,
                "file '/nix/store/x/s' has an unsupported type",
                UnsupportedOutput,
            ),
            // A name cannot make it the machine's fault.
            (
                Status::Machine,
                "file '/nix/store/x/\nNo space left on device' has an unsupported type",
                UnsupportedOutput,
            ),
        ] {
            assert_eq!(
                cause(&failed(status, message), "", None),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn a_log_cannot_claim_a_full_disk_either() {
        let failure = failed(
            Status::Failure,
            "builder for 'x' failed with exit code 1;\nlast 1 log lines:\n\
             > note: build failure may have been caused by lack of free disk space",
        );
        assert_eq!(cause(&failure, "", None), FailureCause::Builder);
    }
}
