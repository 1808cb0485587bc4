//! Why git cannot be asked, in its own words where it has some.

use std::io;

/// How much of git's words is shown.
const MAX_WORDS: usize = 1_000;

/// git cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git cannot be run, or its folder for new objects cannot be made.
    #[error("git merge-tree cannot be run: {0}")]
    Run(#[from] io::Error),
    /// It refuses the repository.
    #[error("git refuses the repository: {0}")]
    Refused(String),
    /// Its answer is not as documented.
    #[error("git merge-tree's answer is not understood: {0}")]
    Answer(&'static str),
    /// Its answer ends too early.
    #[error("git merge-tree's answer is cut off; run it by hand to see why")]
    CutOff,
}

/// What git wrote to its standard error, as one line that is safe to print.
pub(crate) fn words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<_> = text.split_whitespace().collect();
    let one = lines.join(" ");
    one.chars()
        .filter(|character| !character.is_control())
        .take(MAX_WORDS)
        .collect()
}
