//! Configuration errors: file, line, what is wrong, what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is wrong with a configuration, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    line: Option<usize>,
    problem: String,
    remedy: String,
}

impl ConfigError {
    pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            problem: format!("cannot read it: {error}"),
            remedy: "name an existing configuration file with --config".to_owned(),
        }
    }

    pub(super) fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        Self {
            file: file.to_owned(),
            line: error.span().map(|span| line_of(text, span.start)),
            problem: error.message().trim().replace('\n', ", "),
            remedy: "`picket check-config --help` lists every key and what it is for".to_owned(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            problem,
            remedy,
        } = self;
        write!(f, "{}", file.display())?;
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {problem}\n  to mend it: {remedy}")
    }
}

impl std::error::Error for ConfigError {}

/// A problem with one value, before it is known in which line that stands.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    pub(super) problem: String,
    pub(super) remedy: String,
}

impl Problem {
    pub(super) fn new(
        span: Range<usize>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            span,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    pub(super) fn located(self, file: &Path, text: &str) -> ConfigError {
        ConfigError {
            file: file.to_owned(),
            line: Some(line_of(text, self.span.start)),
            problem: self.problem,
            remedy: self.remedy,
        }
    }
}

/// The line, from 1, in which a byte of the text stands.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
