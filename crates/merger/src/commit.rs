//! Commits as bytes. They are written by hand and not through a library's idea of a commit, so
//! that an author that is no UTF-8, or whose date is odd, passes through as it is.

use git2::{Commit, ObjectType, Oid, Repository};
use picket_domain::{ApprovedPick, Timestamp};
use picket_treemerge::ObjectId;

use crate::error::Result;
use crate::ids::sha;
use crate::message;

/// Who makes Picket's commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committer {
    name: String,
    email: String,
}

impl Committer {
    /// A committer, or `None` where a part is empty or holds what git's identities cannot:
    /// `<`, `>` and control characters.
    pub fn new(name: &str, email: &str) -> Option<Self> {
        let is_good = |part: &str| {
            !part.trim().is_empty() && !part.chars().any(|c| "<>".contains(c) || c.is_control())
        };
        (is_good(name) && is_good(email)).then(|| Self {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
        })
    }

    /// Git has no times before 1970.
    fn line(&self, role: &str, at: Timestamp) -> String {
        format!(
            "{role} {} <{}> {} +0000\n",
            self.name,
            self.email,
            at.as_unix().max(0)
        )
    }
}

/// `Picket <picket@localhost>`.
impl Default for Committer {
    fn default() -> Self {
        Self {
            name: "Picket".to_owned(),
            email: "picket@localhost".to_owned(),
        }
    }
}

/// The pick of `source`: this tree on this parent, with the author as in the source.
pub(crate) fn pick_of(
    source: &Commit<'_>,
    (tree, parent): (ObjectId, ObjectId),
    committer: &Committer,
    pick: &ApprovedPick,
) -> Vec<u8> {
    let mut bytes = format!("tree {tree}\nparent {parent}\n").into_bytes();
    bytes.extend_from_slice(header(source, b"author ").unwrap_or_default());
    bytes.extend_from_slice(committer.line("committer", pick.approved_at).as_bytes());
    // The message keeps its bytes, so it needs to keep the name of their encoding.
    bytes.extend_from_slice(header(source, b"encoding ").unwrap_or_default());
    bytes.push(b'\n');
    bytes.extend(message::picked(
        source.message_raw_bytes(),
        &sha(source.id()),
        pick,
    ));
    bytes
}

/// Writes a commit that is Picket's own, with all that it depends on in the arguments.
pub(crate) fn write_own(
    repo: &Repository,
    tree: Oid,
    parents: &[Oid],
    (committer, at): (&Committer, Timestamp),
    message: &str,
) -> Result<Oid> {
    let mut text = format!("tree {tree}\n");
    for parent in parents {
        text += &format!("parent {parent}\n");
    }
    text += &committer.line("author", at);
    text += &committer.line("committer", at);
    text += &format!("\n{}\n", message.replace('\0', "").trim_end());
    Ok(repo.odb()?.write(ObjectType::Commit, text.as_bytes())?)
}

/// The first line of a commit's header that begins so, with its line break.
fn header<'c>(commit: &'c Commit<'_>, key: &[u8]) -> Option<&'c [u8]> {
    let header = commit.raw_header_bytes();
    let mut lines = header.split_inclusive(|byte| *byte == b'\n');
    lines.find(|line| line.starts_with(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_committer_cannot_break_out_of_its_line() {
        assert!(Committer::new("Picket", "picket@example.org").is_some());
        for (name, email) in [("", "a@b"), ("a", " "), ("a\nb", "a@b"), ("a <b>", "a@b")] {
            assert_eq!(Committer::new(name, email), None, "{name:?} {email:?}");
        }
    }
}
