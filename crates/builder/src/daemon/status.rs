//! What a build came to, as the daemon says it.

/// What became of one derivation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuildResult {
    /// The kind of result.
    pub(crate) status: Status,
    /// Nix's message where it failed, with the log's last lines.
    pub(crate) message: String,
}

/// The kinds of results (`BuildResult::Status` in Nix's `build-result.hh`), as far as they are
/// told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Its outputs are in the store: built, substituted, or there before.
    Success,
    /// Its builder failed.
    Failure,
    /// Its builder did not make what it should: nothing, or something that Nix does not take.
    OutputRejected,
    /// It printed more than it may.
    LogLimitExceeded,
    /// Built again, it came out otherwise.
    NotDeterministic,
    /// Nix thinks that it may work another time: the disk was full, or it is a download.
    Transient,
    /// It took too long, or was silent for too long.
    TimedOut,
    /// Something that it needs failed.
    DependencyFailed,
    /// No cache had it, and it is not to be built.
    NoSubstituters,
    /// Not the builder, but Nix failed: a derivation vanished, a connection broke, it was
    /// cancelled.
    Machine,
    /// Nix, or the connection to it, went away.
    Lost,
    /// There is no machine for it. Nix was not asked.
    NoMachine,
}

impl Status {
    pub(super) fn of_code(code: u64) -> Self {
        match code {
            // Built, Substituted, AlreadyValid, ResolvesToAlreadyValid
            0..=2 | 13 => Self::Success,
            // OutputRejected, HashMismatch
            5 | 15 => Self::OutputRejected,
            6 => Self::Transient,
            8 => Self::TimedOut,
            // MiscFailure, Cancelled
            9 | 16 => Self::Machine,
            10 => Self::DependencyFailed,
            11 => Self::LogLimitExceeded,
            12 => Self::NotDeterministic,
            14 => Self::NoSubstituters,
            // PermanentFailure, InputRejected, CachedFailure, and what newer versions may add.
            _ => Self::Failure,
        }
    }

    /// Whether the derivation itself failed, and not something that it needs.
    pub(crate) fn is_own_failure(self) -> bool {
        match self {
            Self::Success | Self::DependencyFailed => false,
            Self::Failure
            | Self::OutputRejected
            | Self::LogLimitExceeded
            | Self::NotDeterministic
            | Self::Transient
            | Self::TimedOut
            | Self::NoSubstituters
            | Self::Machine
            | Self::Lost
            | Self::NoMachine => true,
        }
    }
}
