//! The programs as commands that run to their end.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::picket::{demo_program, program};

/// What a command that ended has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

/// Runs the program to its end.
///
/// # Errors
/// Where it cannot be started, or writes something else than text.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Ran> {
    run_program(program(), arguments)
}

/// Runs the demo's program to its end.
///
/// # Errors
/// As [`run`].
pub fn run_demo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Ran> {
    run_program(demo_program(), arguments)
}

fn run_program<S: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<Ran> {
    let output = Command::new(program)
        .args(arguments)
        // Help is wrapped to the terminal's width, where there is one.
        .env("COLUMNS", "100")
        .stdin(Stdio::null())
        .output()?;
    Ok(Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}
