//! What Picket records of a base.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use git2::{Commit, ObjectType, Oid, Repository, Tree};
use picket_domain::{Base, CommitSha, Timestamp};

use crate::error::{MirrorError, Result, at};
use crate::git::{Git, Limits};
use crate::history::contains;
use crate::ids::{need_commit, oid, sha};

/// How many counts are kept: a few channels' last bases.
const MAX_COUNTS: usize = 32;
/// How many symbolic links are followed to `.version`.
const MAX_LINKS: usize = 4;
const LINK: i32 = 0o120_000;

/// Reads what Picket records of a base.
pub(crate) fn base(
    repo: &Repository,
    (mirror, limits): (&Path, Limits),
    rev: &CommitSha,
    seen_at: Timestamp,
) -> Result<Base> {
    let commit = need_commit(repo, rev)?;
    Ok(Base {
        rev: rev.clone(),
        rev_count: Counts::read(mirror)?.count(repo, (mirror, limits), oid(rev))?,
        version: version(repo, &commit)?,
        committed_at: Timestamp::from_unix(commit.time().seconds()),
        seen_at,
    })
}

/// The tree's `.version`. In nixpkgs that is a symbolic link to `lib/.version`.
fn version(repo: &Repository, commit: &Commit<'_>) -> Result<String> {
    let wrong = |found: &str| MirrorError::Version {
        rev: sha(commit.id()),
        found: found.to_owned(),
    };
    let content = read_linked(repo, &commit.tree()?, ".version")?;
    let content = content.ok_or_else(|| wrong("missing"))?;
    let text = content.trim_ascii();
    match text {
        [a, b, b'.', c, d] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => {
            Ok(String::from_utf8_lossy(text).into_owned())
        }
        _ => {
            let start = String::from_utf8_lossy(&text[..text.len().min(40)]);
            Err(wrong(&format!("{start:?}")))
        }
    }
}

/// The content of a file of the tree; symbolic links are followed as long as they stay in it.
fn read_linked(repo: &Repository, tree: &Tree<'_>, path: &str) -> Result<Option<Vec<u8>>> {
    let mut path = path.to_owned();
    for _ in 0..=MAX_LINKS {
        let Ok(entry) = tree.get_path(Path::new(&path)) else {
            return Ok(None);
        };
        if entry.kind() != Some(ObjectType::Blob) {
            return Ok(None);
        }
        let content = repo.find_blob(entry.id())?.content().to_vec();
        if entry.filemode() != LINK {
            return Ok(Some(content));
        }
        match String::from_utf8(content)
            .ok()
            .and_then(|target| resolve(&path, &target))
        {
            Some(target) => path = target,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Where a link at `path` leads, if that is in the tree.
fn resolve(path: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// How many commits some histories have, kept in a file: counting nixpkgs' million takes seconds,
/// counting those since the last base does not.
struct Counts(Vec<(Oid, u64)>);

impl Counts {
    fn read(mirror: &Path) -> Result<Self> {
        let path = mirror.join("picket-rev-counts");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(at(path)(error)),
        };
        let counts = text.lines().filter_map(|line| {
            let (id, count) = line.split_once(' ')?;
            Some((Oid::from_str(id).ok()?, count.parse().ok()?))
        });
        Ok(Self(counts.collect()))
    }

    /// The number of commits in a history, counted from the nearest one that is known.
    fn count(
        mut self,
        repo: &Repository,
        (mirror, limits): (&Path, Limits),
        rev: Oid,
    ) -> Result<u64> {
        if let Some((_, count)) = self.0.iter().find(|(id, _)| *id == rev) {
            return Ok(*count);
        }
        let mut known = None;
        for (id, count) in self.0.iter().rev() {
            if repo.find_commit(*id).is_ok() && contains(repo, rev, *id)? {
                known = Some((*id, *count));
                break;
            }
        }
        let mut revs = vec![rev.to_string()];
        revs.extend(known.map(|(id, _)| format!("^{id}")));
        let counted = Git::local(mirror, "rev-list", limits)
            .args(["--count".to_owned()])
            .args(revs)
            .output()?;
        let counted = String::from_utf8_lossy(&counted);
        let counted: u64 = counted.trim().parse().map_err(|_| MirrorError::Transport {
            command: "rev-list",
            remote: "the mirror".to_owned(),
            message: format!("it did not print a number but {:?}", counted.trim()),
        })?;
        let count = counted + known.map_or(0, |(_, count)| count);
        self.0.push((rev, count));
        self.write(mirror)?;
        Ok(count)
    }

    /// Of two writers at once the later wins; what the other had is counted again.
    fn write(&self, mirror: &Path) -> Result<()> {
        let newest = self.0.len().saturating_sub(MAX_COUNTS);
        let lines = self.0[newest..]
            .iter()
            .map(|(id, count)| format!("{id} {count}\n"));
        let text: String = lines.collect();
        let path = mirror.join("picket-rev-counts");
        let temporary = mirror.join(format!(
            "picket-rev-counts.{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        let write = || {
            let mut file = fs::File::create(&temporary)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        write().map_err(at(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_in_the_tree() {
        assert_eq!(
            resolve(".version", "lib/.version").as_deref(),
            Some("lib/.version")
        );
        assert_eq!(resolve("a/b/c", "../d/./e").as_deref(), Some("a/d/e"));
        assert_eq!(resolve(".version", "/etc/passwd"), None);
        assert_eq!(resolve("a/b", "../../x"), None);
    }
}
