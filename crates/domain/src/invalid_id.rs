//! What is said of a text that is not the identifier that it was meant to be.

use thiserror::Error;

/// A text that does not have the form of the identifier it was meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not {expected}")]
pub struct InvalidId {
    text: String,
    expected: &'static str,
}

impl InvalidId {
    /// Keeps at most 80 characters of the text: it may come from anywhere and be of any size.
    pub(crate) fn new(text: &str, expected: &'static str) -> Self {
        let text = text.chars().take(80).collect();
        Self { text, expected }
    }
}
