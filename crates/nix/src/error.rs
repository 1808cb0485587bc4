//! What can go wrong with Nix's programs.

use std::io;

use thiserror::Error;

/// Why a program of Nix gave no answer: the machine's or its operator's doing.
#[derive(Debug, Error)]
pub enum NixError {
    /// A program could not be started.
    #[error(
        "cannot run `{program}`: {error}. Install Nix (Debian: the package nix-bin) or set the \
         folder that its programs are in"
    )]
    Missing {
        /// The program, with its folder where one is configured.
        program: String,
        /// Why it could not be started.
        error: io::Error,
    },
    /// A program ran, and did something else than what it is known to do.
    #[error("`{program}` failed: {message}")]
    Failed {
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
}
