//! Looks by numbers: workers look at the same things, and each is kept once.

use indexmap::IndexSet;
use picket_reads::Look;

/// Looks by numbers.
#[derive(Debug, Default)]
pub(super) struct Looks(IndexSet<Look>);

impl Looks {
    /// A look's number.
    pub(super) fn number(&mut self, look: Look) -> u32 {
        let (place, _) = self.0.insert_full(look);
        u32::try_from(place).expect("a tree has fewer paths")
    }

    /// The look of a number.
    pub(super) fn get(&self, number: u32) -> &Look {
        &self.0[number as usize]
    }

    /// All of them, by their numbers.
    pub(super) fn into_all(self) -> impl Iterator<Item = Look> {
        self.0.into_iter()
    }
}
