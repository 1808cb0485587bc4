//! How stable writes names that the pull request writes otherwise.
//!
//! Between branches names move: `stdenv.lib.licenses` became `lib.licenses`, `self.callPackage`
//! `callPackage`. Where stable writes what the base has with another prefix, so it writes what the
//! pull request adds.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use crate::{
    nix::tokens::of_words,
    sequence::diff,
    settle::{Sides, Span},
};

/// Names, and how to write them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spelling {
    names: HashMap<Vec<u8>, Vec<u8>>,
    /// Heads of paths, and what to write before them.
    prefixes: HashMap<Vec<u8>, Vec<u8>>,
}

impl Spelling {
    /// Stable's, as far as a span of Nix shows it. `unbound` are names that mean nothing in
    /// stable's file as they are.
    pub(crate) fn of(sides: &Sides<'_>, span: &Span, unbound: &BTreeSet<String>) -> Self {
        let mut spelling = Self::default();
        if sides.base.tree().is_none() {
            return spelling;
        }
        let base = words(sides.base.lines(&span.base));
        let ours = words(sides.ours.lines(&span.ours));
        let mut prefix = None;
        for (old, new) in diff(&base, &ours) {
            if old.len() != new.len() {
                continue;
            }
            for (old, new) in base[old].iter().zip(&ours[new]) {
                if !are_same_name(old, new) || ours.contains(old) {
                    continue;
                }
                let known = spelling.names.entry(old.to_vec()).or_insert(new.to_vec());
                if known != new {
                    return Self::default();
                }
                prefix = prefix.or(new.strip_suffix(*old).map(<[u8]>::to_vec));
            }
        }
        if let Some(prefix) = prefix {
            let heads = unbound.iter().map(|name| name.clone().into_bytes());
            spelling.prefixes = heads.map(|head| (head, prefix.clone())).collect();
        }
        spelling
    }

    /// The text, so written.
    pub(crate) fn spell(&self, text: &[u8]) -> Vec<u8> {
        if self.names.is_empty() && self.prefixes.is_empty() {
            return text.to_vec();
        }
        let mut spelled = Vec::with_capacity(text.len());
        let mut done = 0;
        for word in ranges(text) {
            spelled.extend_from_slice(&text[done..word.start]);
            let word_text = &text[word.clone()];
            let head = word_text
                .split(|byte| *byte == b'.')
                .next()
                .unwrap_or_default();
            if let Some(name) = self.names.get(word_text) {
                spelled.extend_from_slice(name);
            } else {
                if let Some(prefix) = self.prefixes.get(head)
                    && head.len() < word_text.len()
                {
                    spelled.extend_from_slice(prefix);
                }
                spelled.extend_from_slice(word_text);
            }
            done = word.end;
        }
        spelled.extend_from_slice(&text[done..]);
        spelled
    }
}

fn ranges(text: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    of_words(text, 0..text.len(), &mut ranges);
    ranges
}

fn words(text: &[u8]) -> Vec<&[u8]> {
    ranges(text).into_iter().map(|range| &text[range]).collect()
}

/// Whether one is a path that ends with the other.
fn are_same_name(one: &[u8], other: &[u8]) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let is_name = |name: &[u8]| name.first().is_some_and(u8::is_ascii_alphabetic);
    is_name(short)
        && is_name(long)
        && long
            .strip_suffix(short)
            .is_some_and(|prefix| prefix.ends_with(b"."))
}
