//! The lists that are read, page by page, and where each reading is.

use std::collections::BTreeSet;

use picket_domain::{PrNumber, Timestamp};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// After this many pages (20,000 pull requests) reading on would cost more than starting afresh.
const MAX_PAGES: u32 = 200;
/// nixpkgs has some 30 pages of changes a week: a first sync is to take no more than a hundred requests.
const MAX_PAGES_RECENT: u32 = 30;
/// A page goes back far enough where this many of its last rows are older. A single one may be a
/// stale copy of what has changed since.
const OLD_ROWS: usize = 10;

/// The reading of one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "list", rename_all = "snake_case")]
pub(crate) enum Walk {
    /// All pull requests, the latest change first, back to a time (`None`: one page).
    Changes {
        page: u32,
        until: Option<Timestamp>,
        newest: Option<Timestamp>,
    },
    /// All that are open and have the label.
    Labelled {
        page: u32,
        begun: Timestamp,
        seen: BTreeSet<PrNumber>,
    },
    /// All that have the label and changed since a time, whatever their state.
    LabelledSince {
        page: u32,
        begun: Timestamp,
        since: Timestamp,
    },
    /// All pull requests once more, the latest change first, back to a time: for what of before the
    /// first look is of interest without having the label.
    Recent { page: u32, until: Timestamp },
    /// All that are open, or all that are closed, the latest change first, back to a time: for the
    /// rows of what the lists of labels showed, which have no head.
    Rows {
        page: u32,
        open: bool,
        until: Timestamp,
    },
}

impl Walk {
    pub(crate) fn changes(until: Option<Timestamp>) -> Self {
        let (page, newest) = (1, None);
        Self::Changes {
            page,
            until,
            newest,
        }
    }

    pub(crate) fn labelled(begun: Timestamp) -> Self {
        let (page, seen) = (1, BTreeSet::new());
        Self::Labelled { page, begun, seen }
    }

    pub(crate) fn labelled_since(begun: Timestamp, since: Timestamp) -> Self {
        let page = 1;
        Self::LabelledSince { page, begun, since }
    }

    pub(crate) fn recent(until: Timestamp) -> Self {
        let page = 1;
        Self::Recent { page, until }
    }

    pub(crate) fn rows(open: bool, until: Timestamp) -> Self {
        let page = 1;
        Self::Rows { page, open, until }
    }

    fn page(&mut self) -> &mut u32 {
        match self {
            Self::Changes { page, .. }
            | Self::Labelled { page, .. }
            | Self::LabelledSince { page, .. }
            | Self::Recent { page, .. }
            | Self::Rows { page, .. } => page,
        }
    }

    fn most_pages(&self) -> u32 {
        match self {
            Self::Recent { .. } => MAX_PAGES_RECENT,
            Self::Changes { .. }
            | Self::Labelled { .. }
            | Self::LabelledSince { .. }
            | Self::Rows { .. } => MAX_PAGES,
        }
    }

    /// How far back its rows are of interest.
    fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Changes { until, .. } => *until,
            Self::Recent { until, .. } | Self::Rows { until, .. } => Some(*until),
            Self::Labelled { .. } | Self::LabelledSince { .. } => None,
        }
    }

    /// The page that is to be asked for, below the repository's address.
    pub(crate) fn route(&self, label: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let by_change = [("sort", "updated"), ("direction", "desc")];
        let (list, page) = match self {
            Self::Changes { page, .. } | Self::Recent { page, .. } => {
                query.append_pair("state", "all").extend_pairs(by_change);
                ("pulls", page)
            }
            Self::Rows { page, open, .. } => {
                let state = if *open { "open" } else { "closed" };
                query.append_pair("state", state).extend_pairs(by_change);
                ("pulls", page)
            }
            Self::Labelled { page, .. } => {
                query.append_pair("labels", label);
                query.append_pair("state", "open");
                ("issues", page)
            }
            Self::LabelledSince { page, since, .. } => {
                query.append_pair("labels", label);
                query.append_pair("state", "all");
                query.append_pair("since", &since.to_string());
                ("issues", page)
            }
        };
        let query = query.append_pair("per_page", "100");
        format!(
            "{list}?{}",
            query.append_pair("page", &page.to_string()).finish()
        )
    }

    /// Whether it is the first page of all changes: what is asked for at every poll.
    pub(crate) fn is_head(&self) -> bool {
        matches!(self, Self::Changes { page: 1, .. })
    }

    /// Goes to the next page, if that is worth while after one whose rows changed at these times.
    pub(crate) fn turn(&mut self, times: &[Option<Timestamp>], has_next: bool) -> bool {
        let until = self.until();
        let is_one_page = matches!(self, Self::Changes { until: None, .. });
        let is_old = |time: &&Option<Timestamp>| until.is_some_and(|until| **time < Some(until));
        let old = times.iter().rev().take_while(is_old).count();
        let is_reached = until.is_some() && old >= OLD_ROWS.min(times.len());
        let most = self.most_pages();
        let page = self.page();
        if is_one_page || is_reached || !has_next || *page >= most {
            return false;
        }
        *page += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp::from_unix(1_000);

    fn times(new: usize, old: usize) -> Vec<Option<Timestamp>> {
        let new = std::iter::repeat_n(Some(UNTIL), new);
        new.chain(std::iter::repeat_n(Some(Timestamp::from_unix(1)), old))
            .collect()
    }

    #[test]
    fn pages_are_turned_until_enough_is_old() {
        let mut walk = Walk::changes(Some(UNTIL));
        assert!(walk.turn(&times(100, 0), true));
        assert!(
            walk.turn(&times(99, 1), true),
            "one old row may be a stale copy"
        );
        assert!(!walk.turn(&times(60, 40), true));
        assert!(!walk.turn(&times(100, 0), false));
        assert!(
            !walk.turn(&times(0, 3), true),
            "a short page that is all old"
        );
        assert_eq!(*walk.page(), 3);
    }

    #[test]
    fn the_first_look_at_all_changes_takes_one_page() {
        assert!(!Walk::changes(None).turn(&times(100, 0), true));
    }

    #[test]
    fn a_list_of_labels_is_read_to_its_end() {
        let mut walk = Walk::labelled(UNTIL);
        assert!(walk.turn(&times(0, 100), true));
        assert!(!walk.turn(&times(0, 100), false));
    }

    #[test]
    fn routes_are_encoded() {
        insta::assert_snapshot!(Walk::labelled(UNTIL).route("1.severity: a&b"), @"issues?labels=1.severity%3A+a%26b&state=open&per_page=100&page=1");
        insta::assert_snapshot!(Walk::rows(false, UNTIL).route("x"), @"pulls?state=closed&sort=updated&direction=desc&per_page=100&page=1");
        insta::assert_snapshot!(Walk::labelled_since(UNTIL, UNTIL).route("x"), @"issues?labels=x&state=all&since=1970-01-01T00%3A16%3A40Z&per_page=100&page=1");
    }
}
