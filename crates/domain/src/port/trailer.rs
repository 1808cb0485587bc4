//! What git writes under a commit that was picked with `-x`.

use crate::id::CommitSha;

/// A commit that was picked from one branch to the next has a line for each.
const MAX_LINES: usize = 8;

/// The commits that a commit's message says that it was picked from, in its order.
pub fn picked_from(message: &str) -> Vec<CommitSha> {
    let lines = message.lines().filter_map(|line| {
        let id = line.trim().strip_prefix("(cherry picked from commit ")?;
        CommitSha::parse(id.strip_suffix(')')?).ok()
    });
    lines.take(MAX_LINES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_only_as_git_writes_it() {
        let (one, other) = ("a1".repeat(20), "b2".repeat(20));
        let line = |id: &str| format!("(cherry picked from commit {id})");
        let found = |message: &str| {
            let ids = picked_from(message).into_iter().map(String::from);
            ids.collect::<Vec<_>>()
        };
        let both = format!("fix\n\n{}\r\n  {}\n", line(&one), line(&other));
        assert_eq!(found(&both), [one.clone(), other]);
        for none in [
            format!("fix\n\nsee {}", line(&one)),
            format!("fix\n\n> {}", line(&one)),
            format!("fix\n\n{} and more", line(&one)),
            "fix\n\n(cherry picked from commit a1a1a1)".to_owned(),
        ] {
            assert_eq!(found(&none), [""; 0], "{none}");
        }
        let many = format!("{}\n", line(&one)).repeat(100_000);
        assert_eq!(found(&many).len(), MAX_LINES);
    }
}
