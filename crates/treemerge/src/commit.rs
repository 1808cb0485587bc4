//! Commit objects, as far as picks need them.

use crate::id::ObjectId;

/// The parts of a commit that say where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in its order.
    pub parents: Vec<ObjectId>,
    /// Seconds since 1970; zero if the commit does not say.
    pub committed_at: i64,
    /// Where the message begins in the content.
    pub message_at: usize,
}

impl Commit {
    /// Reads a commit object's content; nothing if it is none.
    #[must_use]
    pub fn parse(content: &[u8]) -> Option<Self> {
        let message_at = memchr::memmem::find(content, b"\n\n").map_or(content.len(), |at| at + 2);
        let header = &content[..message_at.min(content.len())];
        let mut commit = Self {
            tree: ObjectId::NULL,
            parents: Vec::new(),
            committed_at: 0,
            message_at,
        };
        for line in header.split(|byte| *byte == b'\n') {
            if let Some(id) = line.strip_prefix(b"tree ") {
                commit.tree = hex(id)?;
            } else if let Some(id) = line.strip_prefix(b"parent ") {
                commit.parents.push(hex(id)?);
            } else if let Some(who) = line.strip_prefix(b"committer ") {
                commit.committed_at = time(who).unwrap_or(0);
            }
        }
        (commit.tree != ObjectId::NULL).then_some(commit)
    }
}

fn hex(id: &[u8]) -> Option<ObjectId> {
    std::str::from_utf8(id).ok()?.parse().ok()
}

/// The seconds in `Name <mail> SECONDS ZONE`.
fn time(who: &[u8]) -> Option<i64> {
    let after = who.iter().rposition(|byte| *byte == b'>')? + 1;
    let text = std::str::from_utf8(&who[after..]).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_commit_is_read() {
        let id = |digit: char| digit.to_string().repeat(40);
        let content = format!(
            "tree {}\nparent {}\nparent {}\nauthor A <a> 1 +0000\n\
             committer B <b> 1469000000 +0200\n\nsubject\n\nbody\n",
            id('1'),
            id('2'),
            id('3')
        );
        let commit = Commit::parse(content.as_bytes()).expect("a commit");
        assert_eq!(commit.tree.to_string(), id('1'));
        assert_eq!(commit.parents.len(), 2);
        assert_eq!(commit.committed_at, 1_469_000_000);
        assert_eq!(
            &content.as_bytes()[commit.message_at..],
            b"subject\n\nbody\n"
        );
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        assert_eq!(Commit::parse(b""), None);
        assert_eq!(Commit::parse(b"tree x\n\n"), None);
    }
}
