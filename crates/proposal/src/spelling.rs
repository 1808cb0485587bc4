//! How stable writes names that the pull request writes otherwise.

use std::collections::HashMap;

use crate::source::Token;

/// Names, and how to write them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    names: HashMap<Vec<u8>, Vec<u8>>,
}

impl Spelling {
    /// The name as it is to be written.
    pub(crate) fn of<'t>(&'t self, name: &'t [u8]) -> &'t [u8] {
        self.names.get(name).map_or(name, Vec::as_slice)
    }

    /// The tokens' text, so written.
    pub(crate) fn spell(&self, tokens: &[Token<'_>]) -> Vec<u8> {
        let mut text = Vec::new();
        for token in tokens {
            text.extend_from_slice(token.blank);
            text.extend_from_slice(self.of(token.text));
        }
        text
    }
}
