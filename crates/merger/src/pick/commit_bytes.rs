//! Commits as bytes. They are written by hand and not through a library's idea of a commit, so
//! that an author that is no UTF-8, or whose date is odd, passes through as it is, as long as git takes
//! it.

use git2::Commit;
use picket_domain::ApprovedPick;
use picket_treemerge::ObjectId;

use crate::pick::identity::author_line;
use crate::pick::message;
use picket_mirror::{Committer, sha};

/// The pick of `source`: this tree on this parent, with the author as in the source.
pub(crate) fn pick_of(
    source: &Commit<'_>,
    (tree, parent): (ObjectId, ObjectId),
    committer: &Committer,
    pick: &ApprovedPick,
) -> Vec<u8> {
    let mut bytes = format!("tree {tree}\nparent {parent}\n").into_bytes();
    let author = header(source, b"author ").unwrap_or_default();
    bytes.extend(author_line(author, pick.approved_at));
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

/// The first line of a commit's header that begins so, with its line break.
fn header<'c>(commit: &'c Commit<'_>, key: &[u8]) -> Option<&'c [u8]> {
    let header = commit.raw_header_bytes();
    let mut lines = header.split_inclusive(|byte| *byte == b'\n');
    lines.find(|line| line.starts_with(key))
}
