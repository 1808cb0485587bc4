//! Who makes Picket's commits, and those that are Picket's own.

use git2::{ObjectType, Oid, Repository};
use picket_domain::Timestamp;

use crate::error::Result;

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

    /// The committer's or author's line of a commit, with its line break. Git has no times before
    /// 1970.
    pub fn line(&self, role: &str, at: Timestamp) -> String {
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
