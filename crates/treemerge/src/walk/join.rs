//! The entries of three versions of a directory, brought together by name.

use super::found::{BASE, Child, Mask, NodeId, OURS, THEIRS};
use crate::{
    id::Mode,
    tree::{Cursor, Entry, MalformedTree},
};

/// What the three versions have under one name.
pub(super) type Group<'a> = [Option<Entry<'a>>; 3];

pub(super) fn files(group: &Group<'_>) -> Mask {
    mask(group, |mode| mode != Mode::Tree)
}

pub(super) fn dirs(group: &Group<'_>) -> Mask {
    mask(group, |mode| mode == Mode::Tree)
}

fn mask(group: &Group<'_>, wanted: impl Fn(Mode) -> bool) -> Mask {
    let bit = |tree: usize| Mask::from(group[tree].is_some_and(|entry| wanted(entry.mode))) << tree;
    bit(BASE) | bit(OURS) | bit(THEIRS)
}

/// Which two of the trees agree. (All three do not, or there would be no group.)
pub(super) fn matching(group: &Group<'_>) -> Mask {
    let same = |a: usize, b: usize| match (group[a], group[b]) {
        (Some(a), Some(b)) => a.mode == b.mode && a.id == b.id,
        _ => false,
    };
    if same(BASE, OURS) {
        3
    } else if same(BASE, THEIRS) {
        5
    } else if same(OURS, THEIRS) {
        6
    } else {
        0
    }
}

/// A directory's entries in order, and which of them differ; their place among the entries is
/// still to be filled.
pub(super) type Joined<'a> = (Vec<Child<'a>>, Vec<(usize, Group<'a>)>);

/// Brings the entries of the three versions of a directory together by name.
pub(super) fn join<'a>(trees: [Option<&'a [u8]>; 3]) -> Result<Joined<'a>, (usize, MalformedTree)> {
    let mut cursors = Vec::with_capacity(3);
    for (index, tree) in trees.iter().enumerate() {
        let cursor = Cursor::new(tree.unwrap_or_default()).map_err(|error| (index, error))?;
        cursors.push(Ahead {
            cursor,
            taken: Vec::new(),
        });
    }
    let mut children = Vec::with_capacity(
        trees
            .iter()
            .flatten()
            .map(|tree| tree.len() / 40)
            .max()
            .unwrap_or(0),
    );
    let mut groups = Vec::new();
    loop {
        let heads = [cursors[0].head(), cursors[1].head(), cursors[2].head()];
        let Some(first) = heads.iter().flatten().map(|entry| entry.name).min() else {
            return Ok((children, groups));
        };
        let mut group: Group<'a> = [None; 3];
        for tree in 0..3 {
            group[tree] = cursors[tree]
                .take(heads[tree], first)
                .map_err(|error| (tree, error))?;
        }
        match group {
            [Some(base), Some(ours), Some(theirs)] if base == ours && base == theirs => {
                children.push(Child::Settled(base));
            }
            _ => {
                groups.push((children.len(), group));
                children.push(Child::Node(NodeId::MAX));
            }
        }
    }
}

/// A cursor that can take a directory `t` from behind entries such as `t-2`, where other trees
/// have a file `t`.
struct Ahead<'a> {
    cursor: Cursor<'a>,
    taken: Vec<&'a [u8]>,
}

impl<'a> Ahead<'a> {
    fn head(&self) -> Option<Entry<'a>> {
        self.cursor.head()
    }

    /// The entry called `name`, if there is one at the cursor or hidden behind it.
    fn take(
        &mut self,
        head: Option<Entry<'a>>,
        name: &[u8],
    ) -> Result<Option<Entry<'a>>, MalformedTree> {
        let Some(head) = head else { return Ok(None) };
        if head.name == name {
            self.advance()?;
            return Ok(Some(head));
        }
        let mut probe = self.cursor;
        while let Some(entry) = probe.head() {
            match entry.name.strip_prefix(name) {
                Some([]) => {
                    self.taken.push(entry.name);
                    return Ok(Some(entry));
                }
                Some([next, ..]) if *next < b'/' => probe.advance()?,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<(), MalformedTree> {
        self.cursor.advance()?;
        while let Some(head) = self.cursor.head()
            && self.taken.contains(&head.name)
        {
            self.cursor.advance()?;
        }
        Ok(())
    }
}
