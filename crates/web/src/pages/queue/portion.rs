//! How much of long lists a page shows.

/// The rows of one page, all its lists taken together.
pub(super) const ROWS: usize = 80;
/// Each list shows at least this many, if it has them.
const LEAST: usize = 8;

/// How many rows each of some lists shows on a page of all: of each the first few, and the rest of
/// the room goes to the lists in their order.
pub(super) fn shares(lengths: &[usize]) -> Vec<usize> {
    let least: Vec<_> = lengths.iter().map(|length| LEAST.min(*length)).collect();
    let mut room = ROWS.saturating_sub(least.iter().sum());
    let share = |(length, least): (&usize, &usize)| {
        let more = room.min(length - least);
        room -= more;
        least + more
    };
    lengths.iter().zip(&least).map(share).collect()
}

/// One page of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion {
    /// Counted from 1, and never beyond the last.
    pub(super) page: usize,
    pub(super) pages: usize,
}

impl Portion {
    pub(super) fn new(length: usize, wanted: Option<usize>) -> Self {
        let pages = length.div_ceil(ROWS).max(1);
        let page = wanted.unwrap_or(1).clamp(1, pages);
        Self { page, pages }
    }

    /// The place of its first row in the list.
    pub(super) fn begin(self) -> usize {
        (self.page - 1) * ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_lists_are_shown_whole() {
        assert_eq!(shares(&[3, 0, 40, 12]), [3, 0, 40, 12]);
        assert_eq!(shares(&[]), [0; 0]);
    }

    #[test]
    fn of_long_lists_the_first_has_most_room_and_each_has_some() {
        assert_eq!(shares(&[9_000, 700, 5, 50]), [59, 8, 5, 8]);
        assert_eq!(shares(&[20, 8_100, 0, 900, 50, 950]), [20, 36, 0, 8, 8, 8]);
    }

    #[test]
    fn a_page_is_one_that_there_is() {
        let page = |length, wanted| {
            let portion = Portion::new(length, wanted);
            (portion.page, portion.pages, portion.begin())
        };
        assert_eq!(page(0, None), (1, 1, 0));
        assert_eq!(page(161, Some(3)), (3, 3, 160));
        assert_eq!(page(160, Some(9)), (2, 2, 80));
        assert_eq!(page(160, Some(0)), (1, 2, 0));
    }
}
