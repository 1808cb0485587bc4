//! Writing commits with fixed people and times.

use anyhow::{Context, Result, ensure};
use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, Oid, Repository, Signature, Time, Tree};

use super::tree::source_hash;

/// 2026-05-18 09:00 UTC: when the history begins.
const BEGIN: i64 = 1_779_094_800;
const HOUR: i64 = 3600;

/// Somebody who commits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    name: &'static str,
    email: &'static str,
    /// Their login on GitHub.
    pub(super) login: &'static str,
}

pub(super) const ADA: Person = person("Ada Lindqvist", "ada@example.org", "ada-lindqvist");
pub(super) const BRAM: Person = person("Bram Okafor", "bram@example.org", "bramokafor");
pub(super) const CHIARA: Person = person("Chiara Novak", "chiara@example.org", "cnovak");
pub(super) const DMITRI: Person = person("Dmitri Haas", "dmitri@example.org", "dhaas");
pub(super) const EVE: Person = person("Eve Sørensen", "eve@example.org", "evesorensen");
/// Who commits what is merged by a click.
pub(super) const GITHUB: Person = person("GitHub", "noreply@github.com", "web-flow");

const fn person(name: &'static str, email: &'static str, login: &'static str) -> Person {
    Person { name, email, login }
}

impl Person {
    pub(super) fn at(self, time: Time) -> Result<Signature<'static>> {
        Ok(Signature::new(self.name, self.email, &time)?)
    }
}

/// A change of one file.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    /// Another version of a source archive: its version and its hash in the package's file.
    Bump {
        path: &'static str,
        source: &'static str,
        from: String,
        to: String,
    },
    /// The same with the hash of something else: such a change does not build.
    BumpWithWrongHash {
        path: &'static str,
        source: &'static str,
        from: String,
        to: String,
    },
    /// One place in a file.
    Replace {
        path: &'static str,
        from: &'static str,
        to: &'static str,
    },
    /// A whole file.
    Write { path: &'static str, text: String },
}

/// Another version of a package's source.
pub(super) fn bump(path: &'static str, source: &'static str, from: &str, to: &str) -> Edit {
    Edit::Bump {
        path,
        source,
        from: from.to_owned(),
        to: to.to_owned(),
    }
}

impl Edit {
    fn path(&self) -> &'static str {
        match self {
            Self::Bump { path, .. }
            | Self::BumpWithWrongHash { path, .. }
            | Self::Replace { path, .. }
            | Self::Write { path, .. } => path,
        }
    }

    /// The file's new text.
    fn apply(&self, old: &str) -> Result<String> {
        let version = |version: &str| format!("version = \"{version}\"");
        match self {
            Self::Bump {
                source, from, to, ..
            } => {
                let text = replace_once(old, &version(from), &version(to))?;
                replace_once(
                    &text,
                    &source_hash(source, from)?,
                    &source_hash(source, to)?,
                )
            }
            Self::BumpWithWrongHash {
                source, from, to, ..
            } => {
                let text = replace_once(old, &version(from), &version(to))?;
                let wrong = source_hash(source, &format!("{to}-rc1"))?;
                replace_once(&text, &source_hash(source, from)?, &wrong)
            }
            Self::Replace { from, to, .. } => replace_once(old, from, to),
            Self::Write { text, .. } => Ok(text.clone()),
        }
    }
}

fn replace_once(text: &str, from: &str, to: &str) -> Result<String> {
    ensure!(
        text.matches(from).count() == 1,
        "{from:?} is not there exactly once"
    );
    Ok(text.replacen(from, to, 1))
}

/// A tree with some files changed.
pub(super) fn edited(repository: &Repository, tree: &Tree, edits: &[Edit]) -> Result<Oid> {
    let mut current = tree.id();
    for edit in edits {
        let tree = repository.find_tree(current)?;
        let old = match tree.get_path(edit.path().as_ref()) {
            Ok(entry) => {
                let blob = repository.find_blob(entry.id())?;
                String::from_utf8(blob.content().to_owned())?
            }
            Err(_) => String::new(),
        };
        let new = edit
            .apply(&old)
            .with_context(|| format!("cannot edit {}", edit.path()))?;
        let mut update = TreeUpdateBuilder::new();
        update.upsert(
            edit.path(),
            repository.blob(new.as_bytes())?,
            FileMode::Blob,
        );
        current = update.create_updated(repository, &tree)?;
    }
    Ok(current)
}

/// Who made and who applied a commit.
#[derive(Clone, Copy)]
pub(super) struct Authorship<'a> {
    pub(super) author: &'a Signature<'a>,
    pub(super) committer: Person,
}

/// Writes a commit, an hour after the latest of its parents.
pub(super) fn write(
    repository: &Repository,
    parents: &[&Commit],
    tree: Oid,
    authorship: Authorship,
    message: &str,
) -> Result<Oid> {
    let tree = repository.find_tree(tree)?;
    let committer = authorship.committer.at(time_after(parents))?;
    Ok(repository.commit(None, authorship.author, &committer, message, &tree, parents)?)
}

/// Writes a commit by one person.
pub(super) fn write_by(
    repository: &Repository,
    parents: &[&Commit],
    tree: Oid,
    person: Person,
    message: &str,
) -> Result<Oid> {
    let author = person.at(time_after(parents))?;
    let authorship = Authorship {
        author: &author,
        committer: person,
    };
    write(repository, parents, tree, authorship, message)
}

/// An hour after the latest of some parents; the beginning where there are none.
pub(super) fn time_after(parents: &[&Commit]) -> Time {
    let latest = parents.iter().map(|parent| parent.time().seconds()).max();
    Time::new(latest.map_or(BEGIN, |latest| latest + HOUR), 0)
}
