//! Whether a text can be proposed.

use std::{cell::OnceCell, collections::BTreeSet};

use crate::{
    nix::{self, names::Names},
    settle::Sides,
};

/// What is to be said of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing against it.
    Good,
    /// It uses these names, which nothing binds, or binds some twice, unlike all three versions.
    Names(BTreeSet<String>),
    /// It is not a text of its kind.
    Broken,
}

/// Judges texts for a file.
pub(crate) struct Check<'s, 'a> {
    sides: &'s Sides<'a>,
    known: OnceCell<Names>,
}

impl<'s, 'a> Check<'s, 'a> {
    pub(crate) fn new(sides: &'s Sides<'a>) -> Self {
        Self {
            sides,
            known: OnceCell::new(),
        }
    }

    pub(crate) fn verdict(&self, text: &[u8]) -> Verdict {
        if has_markers(text) {
            return Verdict::Broken;
        }
        if self.sides.base.tree().is_none() {
            return Verdict::Good;
        }
        let Some(tree) = nix::parse(text) else {
            return Verdict::Broken;
        };
        let names = Names::of(&tree);
        let known = self.known.get_or_init(|| self.names_of_sides());
        let unbound: BTreeSet<_> = names.unbound.difference(&known.unbound).cloned().collect();
        if unbound.is_empty() && names.twice.is_subset(&known.twice) {
            Verdict::Good
        } else {
            Verdict::Names(unbound)
        }
    }

    fn names_of_sides(&self) -> Names {
        let Sides { base, ours, theirs } = self.sides;
        let mut known = Names::default();
        for tree in [base, ours, theirs]
            .into_iter()
            .filter_map(|side| side.tree())
        {
            let names = Names::of(tree);
            known.unbound.extend(names.unbound);
            known.twice.extend(names.twice);
        }
        known
    }
}

/// Whether a line begins as git marks conflicts.
pub(crate) fn has_markers(text: &[u8]) -> bool {
    let is_marker = |line: &[u8]| {
        [b"<<<<<<< ", b">>>>>>> ", b"||||||| "]
            .iter()
            .any(|marker| line.starts_with(*marker))
            || line == b"======="
    };
    text.split(|byte| *byte == b'\n').any(is_marker)
}
