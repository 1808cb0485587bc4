//! A text as words with the gaps between them.

use std::borrow::Cow;

use super::scheme::Scheme;

/// A word, and what stands between it and the one before.
pub(super) struct Word<'a> {
    pub(super) gap: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Word<'a> {
    /// Its parts between hyphens, where digits that stick to a register's name are a part of their
    /// own: `0001-mfsa2020-49`.
    pub(super) fn parts(&self) -> Vec<&'a str> {
        let parts = self.text.split('-').filter(|it| !it.is_empty());
        parts.flat_map(split_digits_off).collect()
    }

    /// Whether it may belong to the word before it, though no hyphen says so.
    pub(super) fn follows_loosely(&self) -> bool {
        matches!(self.gap, " " | "_" | ":" | ": " | "#")
    }

    /// Whether it is in the braces that open before it or before one of those before it.
    pub(super) fn is_listed(&self) -> bool {
        matches!(self.gap, "{" | "," | ", ")
    }
}

fn split_digits_off(part: &str) -> impl Iterator<Item = &str> {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let at = Scheme::named(letters).map_or(part.len(), |_| letters.len());
    let (letters, digits) = part.split_at(at);
    [letters, digits].into_iter().filter(|it| !it.is_empty())
}

/// The words of a text: letters, digits and hyphens of ASCII.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(is_of_word) {
        let (gap, from_word) = rest.split_at(from);
        let end = from_word.find(|c| !is_of_word(c));
        let (text, after) = from_word.split_at(end.unwrap_or(from_word.len()));
        words.push(Word { gap, text });
        rest = after;
    }
    words
}

/// The text with the one hyphen of ASCII for all that look like it.
pub(super) fn with_plain_hyphens(text: &str) -> Cow<'_, str> {
    let is_hyphen = |c: char| {
        matches!(
            c,
            '\u{2010}'..='\u{2014}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
        )
    };
    if text.contains(is_hyphen) {
        Cow::Owned(text.replace(is_hyphen, "-"))
    } else {
        Cow::Borrowed(text)
    }
}
