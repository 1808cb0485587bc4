//! Why a build failed, and what is done about it.

use serde::{Deserialize, Serialize};

/// Why a build failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The builder said so, or did not make what it should.
    Builder,
    /// It ran, or was silent, for too long.
    TimedOut,
    /// Its log grew larger than a log may be.
    LogTooLarge,
    /// Nix does not take what it made: other content than was promised, or a reference that it must
    /// not have.
    OutputRejected,
    /// It made something that a store cannot hold: a socket, a pipe, a device.
    UnsupportedOutput,
    /// Built again, it came out otherwise.
    NotDeterministic,
    /// No machine is there for its system, or with the features that it asks for.
    NoMachine,
    /// The disk was full.
    DiskFull,
    /// Somebody else killed it: the kernel out of memory, an operator.
    Killed,
    /// The machine that built it, or the connection to it, went away.
    BuilderLost,
    /// What it downloads could not be had: the network, or the host that has it, failed.
    SourceUnavailable,
    /// Something that it needs should have come from a cache, and did not.
    InputUnavailable,
    /// The machine's fault, of no kind that is known better.
    Transient,
}

/// What is done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The machine's fault: it is tried again and again, later and later.
    Infrastructure,
    /// The change's fault, as far as one try tells. It is tried again, to tell broken from flaky.
    Suspected,
    /// The change's fault: another try would come out the same, or take as long.
    Certain,
    /// Nothing can be said about the change before there is a machine for it.
    NoMachine,
}

impl FailureCause {
    /// What is done about it.
    pub fn class(self) -> FailureClass {
        match self {
            Self::Builder => FailureClass::Suspected,
            Self::TimedOut
            | Self::LogTooLarge
            | Self::OutputRejected
            | Self::UnsupportedOutput
            | Self::NotDeterministic => FailureClass::Certain,
            Self::NoMachine => FailureClass::NoMachine,
            Self::DiskFull
            | Self::Killed
            | Self::BuilderLost
            | Self::SourceUnavailable
            | Self::InputUnavailable
            | Self::Transient => FailureClass::Infrastructure,
        }
    }

    /// Its name, as JSON spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Builder => "builder",
            Self::TimedOut => "timed_out",
            Self::LogTooLarge => "log_too_large",
            Self::OutputRejected => "output_rejected",
            Self::UnsupportedOutput => "unsupported_output",
            Self::NotDeterministic => "not_deterministic",
            Self::NoMachine => "no_machine",
            Self::DiskFull => "disk_full",
            Self::Killed => "killed",
            Self::BuilderLost => "builder_lost",
            Self::SourceUnavailable => "source_unavailable",
            Self::InputUnavailable => "input_unavailable",
            Self::Transient => "transient",
        }
    }

    /// What happened, as the end of a sentence about a build: `it was killed`.
    pub fn what(self) -> &'static str {
        match self {
            Self::Builder => "it does not build",
            Self::TimedOut => "it takes too long",
            Self::LogTooLarge => "its log is too large",
            Self::OutputRejected => "Nix rejects what it makes",
            Self::UnsupportedOutput => "it makes a socket, a pipe or a device",
            Self::NotDeterministic => "it comes out otherwise each time",
            Self::NoMachine => "no machine builds it",
            Self::DiskFull => "the disk was full",
            Self::Killed => "it was killed",
            Self::BuilderLost => "the builder went away",
            Self::SourceUnavailable => "its sources could not be downloaded",
            Self::InputUnavailable => "what it needs could not be substituted",
            Self::Transient => "the builder failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_json() {
        for cause in [FailureCause::LogTooLarge, FailureCause::InputUnavailable] {
            let json = serde_json::to_string(&cause).unwrap();
            assert_eq!(json.trim_matches('"'), cause.name());
        }
    }

    #[test]
    fn what_was_recorded_before_there_were_more_kinds_is_still_read() {
        for (text, cause) in [
            ("\"builder\"", FailureCause::Builder),
            ("\"timed_out\"", FailureCause::TimedOut),
            ("\"transient\"", FailureCause::Transient),
        ] {
            assert_eq!(serde_json::from_str::<FailureCause>(text).unwrap(), cause);
        }
    }
}
