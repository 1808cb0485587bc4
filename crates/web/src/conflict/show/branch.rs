//! How a conflict is resolved with git, as commands to copy.

use picket_domain::{Candidate, CommitSha, ConflictPlace};

use crate::look::Look;
use crate::view::web_address;

/// How to resolve a conflict with git.
pub(super) struct BranchView {
    /// The commands, one a line.
    pub(super) commands: String,
    /// The name that they give the branch.
    pub(super) branch: String,
}

impl BranchView {
    /// The commands up to the commit that conflicts; `None` where branches are not taken, or where
    /// what the chain has before it cannot be made anew by picking.
    pub(super) fn new(
        look: &Look<'_>,
        candidate: &Candidate,
        place: &ConflictPlace<'_>,
        commit: &CommitSha,
    ) -> Option<Self> {
        let remote = look.channel.resolutions_remote.as_ref()?;
        let upstream = upstream(candidate)?;
        let before = place.before.iter().flat_map(|before| before.commits);
        if before.clone().any(|commit| !commit.verbatim) {
            return None;
        }
        let before: Vec<_> = before.map(|commit| commit.source.as_str()).collect();
        let own = candidate.commits().iter().map(|commit| &commit.sha);
        let up_to = own.clone().position(|sha| sha == commit)?;
        let own: Vec<_> = own.take(up_to + 1).map(CommitSha::as_str).collect();
        let branch = format!("resolve-{}", candidate.pr);
        let pulls = place.before.iter().map(|before| before.pr);
        let pulls: Vec<_> = pulls
            .chain([candidate.pr])
            .map(|pr| format!("pull/{pr}/head"))
            .collect();
        let mut commands = vec![
            format!("git fetch {upstream} {} {}", place.base, pulls.join(" ")),
            format!("git checkout -b {branch} {}", place.base),
        ];
        if !before.is_empty() {
            commands.push(format!("git cherry-pick -x {}", before.join(" ")));
        }
        commands.push(format!("git cherry-pick -x {}", own.join(" ")));
        commands.push("# resolve the files that conflict, git add them, and then".to_owned());
        commands.push("git cherry-pick --continue".to_owned());
        commands.push(format!(
            "git push {} HEAD:refs/heads/{branch}",
            quoted(remote.plain())
        ));
        Some(Self {
            commands: commands.join("\n"),
            branch,
        })
    }
}

/// The address of the repository that a pull request is in, from its own address.
fn upstream(candidate: &Candidate) -> Option<String> {
    let url = web_address(candidate)?;
    let repository = url.strip_suffix(&format!("/pull/{}", candidate.pr))?;
    Some(quoted(repository))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_@~+".contains(c);
    match word.chars().all(is_plain) && !word.starts_with('-') {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_signs_in_with_is_not_shown() {
        for (remote, shown) in [
            (
                "https://token@example.org/x.git",
                "https://example.org/x.git",
            ),
            ("https://a:b@example.org/x.git", "https://example.org/x.git"),
            ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
            ("https://example.org/a@b", "https://example.org/a@b"),
            ("/srv/nixpkgs.git", "/srv/nixpkgs.git"),
        ] {
            let remote = picket_merger::GitAddress::parse(remote).unwrap();
            assert_eq!(remote.plain(), shown);
        }
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(
            quoted("https://example.org/a_b.git"),
            "https://example.org/a_b.git"
        );
        assert_eq!(quoted("git@example.org:x"), "git@example.org:x");
        assert_eq!(quoted("/a b;$(c)"), "'/a b;$(c)'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("-x"), "'-x'");
    }
}
