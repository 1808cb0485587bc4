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
    /// Its builder failed, or did not make what it should.
    Failure,
    /// Nix thinks that it may work another time: the disk was full, or it is a download.
    Transient,
    /// It took too long, or was silent for too long.
    TimedOut,
    /// Something that it needs failed.
    DependencyFailed,
    /// Not the builder, but Nix failed: a derivation vanished, a connection broke, it was
    /// cancelled.
    Machine,
}

impl Status {
    pub(super) fn of_code(code: u64) -> Self {
        match code {
            // Built, Substituted, AlreadyValid, ResolvesToAlreadyValid
            0..=2 | 13 => Self::Success,
            6 => Self::Transient,
            8 => Self::TimedOut,
            10 => Self::DependencyFailed,
            // MiscFailure, NoSubstituters, Cancelled
            9 | 14 | 16 => Self::Machine,
            // PermanentFailure, InputRejected, OutputRejected, CachedFailure, LogLimitExceeded,
            // NotDeterministic, HashMismatch, and what newer versions may add.
            _ => Self::Failure,
        }
    }
}
