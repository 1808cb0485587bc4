//! Tree objects, read entry by entry from their bytes and written back.

use std::cmp::Ordering;

use crate::id::{Mode, ObjectId};

/// One entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) mode: Mode,
    pub(crate) name: &'a [u8],
    pub(crate) id: ObjectId,
}

/// A tree's bytes do not follow the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MalformedTree;

impl<'a> Entry<'a> {
    /// The first entry of `tree` and how many bytes it takes.
    fn parse(tree: &'a [u8]) -> Result<(Self, usize), MalformedTree> {
        // A mode has five or six digits: a plain loop beats a search.
        let mut bits = 0_u32;
        let mut at = 0;
        loop {
            match tree.get(at) {
                Some(digit @ b'0'..=b'7') if at < 7 => bits = bits << 3 | u32::from(digit - b'0'),
                Some(b' ') if at > 0 => break,
                _ => return Err(MalformedTree),
            }
            at += 1;
        }
        let name_start = at + 1;
        let name_length = memchr::memchr(0, &tree[name_start..]).ok_or(MalformedTree)?;
        let id_start = name_start + name_length + 1;
        let id: [u8; 20] = tree
            .get(id_start..id_start + 20)
            .and_then(|id| id.try_into().ok())
            .ok_or(MalformedTree)?;
        let name = &tree[name_start..name_start + name_length];
        if name.is_empty() {
            return Err(MalformedTree);
        }
        let entry = Self {
            mode: Mode::from_bits(bits),
            name,
            id: ObjectId::from_bytes(id),
        };
        Ok((entry, id_start + 20))
    }
}

/// A position in a tree.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    head: Option<(Entry<'a>, usize)>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(tree: &'a [u8]) -> Result<Self, MalformedTree> {
        let mut cursor = Self {
            rest: tree,
            head: None,
        };
        cursor.load()?;
        Ok(cursor)
    }

    fn load(&mut self) -> Result<(), MalformedTree> {
        self.head = if self.rest.is_empty() {
            None
        } else {
            Some(Entry::parse(self.rest)?)
        };
        Ok(())
    }

    pub(crate) fn head(&self) -> Option<Entry<'a>> {
        self.head.map(|(entry, _)| entry)
    }

    pub(crate) fn advance(&mut self) -> Result<(), MalformedTree> {
        if let Some((_, length)) = self.head {
            self.rest = &self.rest[length..];
            self.load()?;
        }
        Ok(())
    }
}

/// The order of entries in a tree: by name, directories as if their names ended in a slash.
pub(crate) fn order(a: (&[u8], Mode), b: (&[u8], Mode)) -> Ordering {
    let common = a.0.len().min(b.0.len());
    a.0[..common].cmp(&b.0[..common]).then_with(|| {
        let next = |(name, mode): (&[u8], Mode)| match name.get(common) {
            Some(byte) => *byte,
            None if mode == Mode::Tree => b'/',
            None => 0,
        };
        next(a).cmp(&next(b))
    })
}

/// The bytes of a tree with these entries, which are put into order.
pub(crate) fn serialise(entries: &mut [Entry<'_>]) -> Vec<u8> {
    let by_order = |a: &Entry<'_>, b: &Entry<'_>| order((a.name, a.mode), (b.name, b.mode));
    if !entries.is_sorted_by(|a, b| by_order(a, b).is_le()) {
        entries.sort_by(by_order);
    }
    let size = entries.iter().map(|entry| entry.name.len() + 28).sum();
    let mut bytes = Vec::with_capacity(size);
    for entry in entries {
        bytes.extend_from_slice(entry.mode.octal());
        bytes.push(b' ');
        bytes.extend_from_slice(entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: Mode, name: &'static str) -> Entry<'static> {
        Entry {
            mode,
            name: name.as_bytes(),
            id: ObjectId::EMPTY_BLOB,
        }
    }

    #[test]
    fn what_is_written_is_read_back_in_gits_order() {
        let mut entries = [
            entry(Mode::Tree, "t"),
            entry(Mode::File, "t.c"),
            entry(Mode::Symlink, "t-2"),
            entry(Mode::Executable, "a"),
        ];
        let bytes = serialise(&mut entries);
        let mut cursor = Cursor::new(&bytes).expect("well-formed");
        let mut names = Vec::new();
        while let Some(entry) = cursor.head() {
            names.push((String::from_utf8_lossy(entry.name).into_owned(), entry.mode));
            cursor.advance().expect("well-formed");
        }
        let expected = [
            ("a", Mode::Executable),
            ("t-2", Mode::Symlink),
            ("t.c", Mode::File),
            ("t", Mode::Tree),
        ];
        assert_eq!(names, expected.map(|(name, mode)| (name.to_owned(), mode)));
    }

    #[test]
    fn damaged_trees_are_refused() {
        for tree in [
            &b"100644 a\0short"[..],
            b"x a\0",
            b"100644",
            b"100644 \0aaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(Cursor::new(tree).is_err(), "{tree:?}");
        }
    }
}
