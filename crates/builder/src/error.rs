//! What can go wrong that is not the change's fault.

use std::io;
use std::path::{Path, PathBuf};

use picket_domain::{EvaluationCost, EvaluationLimit};
use thiserror::Error;

use picket_evaluator::{EvaluateError, NixTooOld};
use picket_nix::NixError;

/// Why evaluating or building could not be done: the machine's or its operator's doing.
///
/// What the evaluated or built revision itself does wrong is no error, but part of a
/// [`BuildReport`](picket_domain::BuildReport).
#[derive(Debug, Error)]
pub enum BuildError {
    /// A tool of Nix could not be started.
    #[error(
        "cannot run `{program}`: {error}. Install Nix (Debian: the package nix-bin) or set the \
         folder that its programs are in"
    )]
    NixMissing {
        /// The program, with its folder where one is configured.
        program: String,
        /// Why it could not be started.
        error: io::Error,
    },
    /// The base asks for a newer Nix.
    #[error("the base cannot be built: {0}. Install a newer Nix, or point Picket at one")]
    BaseNeedsNewerNix(NixTooOld),
    /// A tool of Nix ran, and did something else than what it is known to do.
    #[error("`{program}` failed: {message}")]
    Nix {
        /// The program.
        program: String,
        /// What it said, bounded.
        message: String,
    },
    /// The Nix store cannot be used.
    #[error("the Nix store cannot be used: {message}")]
    Store {
        /// What Nix said, bounded.
        message: String,
    },
    /// A file or folder of the builder's own state, or of a tree, could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The configured job set cannot be meant.
    #[error("the configured job set is wrong: {0}")]
    JobSet(String),
    /// Nobody vouches for what was to be evaluated, and there is no sandbox for it.
    #[error(transparent)]
    NoSandbox(EvaluateError),
    /// The base, which nobody's pick touched, does not evaluate.
    #[error("the base's job set does not evaluate: {error}")]
    BaseDoesNotEvaluate {
        /// Nix's message, bounded.
        error: String,
    },
    /// The base's evaluation was stopped before its end.
    #[error(
        "the base's job set could not be evaluated: {detail} (after {} s, with {} MiB in use at \
         most)",
        spent.seconds, spent.peak_bytes >> 20
    )]
    BaseUnfinished {
        /// What stopped it.
        cause: EvaluationLimit,
        /// What it had taken by then.
        spent: EvaluationCost,
        /// The limit, and what Nix said last, bounded.
        detail: String,
    },
}

impl BuildError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }

    pub(crate) fn store(message: impl Into<String>) -> Self {
        Self::Store {
            message: message.into(),
        }
    }
}

impl From<NixError> for BuildError {
    fn from(error: NixError) -> Self {
        match error {
            NixError::Missing { program, error } => Self::NixMissing { program, error },
            NixError::Failed { program, message } => Self::Nix { program, message },
            NixError::Store { message } => Self::Store { message },
        }
    }
}

impl From<EvaluateError> for BuildError {
    fn from(error: EvaluateError) -> Self {
        match error {
            EvaluateError::Nix(error) => error.into(),
            EvaluateError::File { path, error } => Self::File { path, error },
            EvaluateError::JobSet(message) => Self::JobSet(message),
            error @ EvaluateError::NoSandbox => Self::NoSandbox(error),
        }
    }
}
