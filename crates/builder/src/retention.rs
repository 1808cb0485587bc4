//! What the builder keeps beside Nix's store, and what of it can go.
//!
//! Everything belongs to one revision: its evaluations, its roots, its logs. Whoever knows which
//! revisions matter says so; the rest goes, but never while somebody holds a lease on it. A
//! collection that is cut off leaves less than before and nothing that is half: what is removed is
//! either of no use in parts (roots, logs), or one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use picket_domain::CommitSha;

use crate::files::remove_dir;
use crate::lease::Leases;

/// A kind of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Cached evaluations. Without them, a revision is evaluated again.
    Evaluations,
    /// Roots of the garbage collector. Without them, Nix may remove what was built.
    Roots,
    /// Build logs.
    Logs,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Evaluations, Self::Roots, Self::Logs];

    fn folder(self) -> &'static str {
        match self {
            Self::Evaluations => "evaluations",
            Self::Roots => "gcroots",
            Self::Logs => "logs",
        }
    }
}

/// What is kept of one kind for one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub kind: Kind,
    /// The revision that it belongs to.
    pub rev: CommitSha,
    /// How many files or links.
    pub files: usize,
    /// Their bytes. Those of the paths that roots keep in the store are not counted.
    pub bytes: u64,
    /// When the newest of them was written.
    pub written: SystemTime,
    paths: Vec<PathBuf>,
}

/// What has to stay.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// Revisions whose evaluations are needed: bases, and what is built or tried again.
    pub evaluations: BTreeSet<CommitSha>,
    /// Revisions whose built paths are needed: what is not published yet.
    pub roots: BTreeSet<CommitSha>,
    /// Revisions whose logs are shown.
    pub logs: BTreeSet<CommitSha>,
    /// Nothing that was written within this time goes.
    pub younger_than: Duration,
    /// Bytes that all logs together may have: beyond, the oldest go, needed or not.
    pub logs_bytes: u64,
}

impl Keep {
    fn needs(&self, kept: &Kept) -> bool {
        let needed = match kept.kind {
            Kind::Evaluations => &self.evaluations,
            Kind::Roots => &self.roots,
            Kind::Logs => &self.logs,
        };
        needed.contains(&kept.rev)
    }
}

/// Why something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Nothing that has to stay needs it.
    NotNeeded,
    /// All logs together are too large, and these are the oldest.
    LogsTooLarge,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNeeded => "nothing needs it any more",
            Self::LogsTooLarge => "all logs together are too large, and it is among the oldest",
        })
    }
}

/// What a collection removed, or would remove.
#[derive(Debug, Default)]
pub struct Collected {
    /// What goes, and why.
    pub removed: Vec<(Kept, Reason)>,
    /// What would go, but somebody works with it.
    pub in_use: Vec<Kept>,
    /// What could not be removed, and why.
    pub failed: Vec<(Kept, io::Error)>,
}

impl Collected {
    /// The bytes of what goes.
    pub fn bytes(&self) -> u64 {
        self.removed.iter().map(|(kept, _)| kept.bytes).sum()
    }
}

/// The builder's state folder, as it is looked at for what can go. Needs no Nix.
#[derive(Debug, Clone)]
pub struct Retention {
    state_dir: PathBuf,
    leases: Leases,
}

impl Retention {
    /// What is kept in a builder's state folder.
    pub fn new(state_dir: &Path) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            leases: Leases::new(state_dir),
        }
    }

    /// Everything that is kept, by kind and revision. Reads folders: not for an async thread.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn list(&self) -> io::Result<Vec<Kept>> {
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let mut by_rev = BTreeMap::new();
            for entry in entries(&self.state_dir.join(kind.folder()))? {
                add(&mut by_rev, kind, &entry)?;
            }
            all.extend(by_rev.into_values());
        }
        Ok(all)
    }

    /// What would go, and why.
    ///
    /// # Errors
    /// Where a folder cannot be read.
    pub fn plan(&self, keep: &Keep) -> io::Result<Vec<(Kept, Reason)>> {
        Ok(plan(self.list()?, keep, SystemTime::now()))
    }

    /// Removes what need not stay, but for what somebody has a lease on. Removes files: not for an
    /// async thread.
    ///
    /// # Errors
    /// Where a folder cannot be read. What cannot be removed is told with the rest.
    pub fn collect(&self, keep: &Keep) -> io::Result<Collected> {
        let mut collected = Collected::default();
        for (kept, reason) in self.plan(keep)? {
            match self.remove(&kept) {
                Ok(true) => collected.removed.push((kept, reason)),
                Ok(false) => collected.in_use.push(kept),
                Err(error) => collected.failed.push((kept, error)),
            }
        }
        self.remove_idle_leases()?;
        Ok(collected)
    }

    /// Removes what is kept, unless it is in use.
    fn remove(&self, kept: &Kept) -> io::Result<bool> {
        let Some(_claim) = self.leases.claim(&kept.rev)? else {
            return Ok(false);
        };
        for path in &kept.paths {
            match kept.kind {
                Kind::Evaluations => match fs::remove_file(path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed?,
                },
                Kind::Roots | Kind::Logs => remove_dir(path)?,
            }
        }
        Ok(true)
    }

    /// Leases of revisions that nobody works with leave an empty file each.
    fn remove_idle_leases(&self) -> io::Result<()> {
        for entry in entries(&self.state_dir.join("leases"))? {
            if let Some(rev) = revision_of(&entry) {
                drop(self.leases.claim(&rev)?);
            }
        }
        Ok(())
    }
}

fn plan(all: Vec<Kept>, keep: &Keep, now: SystemTime) -> Vec<(Kept, Reason)> {
    let is_young = |kept: &Kept| {
        let age = now.duration_since(kept.written).unwrap_or_default();
        age < keep.younger_than
    };
    let mut going = Vec::new();
    let mut logs = Vec::new();
    let mut bytes: u64 = 0;
    for kept in all {
        if !keep.needs(&kept) && !is_young(&kept) {
            going.push((kept, Reason::NotNeeded));
        } else if kept.kind == Kind::Logs {
            bytes += kept.bytes;
            logs.push(kept);
        }
    }
    logs.sort_by_key(|kept| kept.written);
    for kept in logs {
        if bytes > keep.logs_bytes && !is_young(&kept) {
            bytes -= kept.bytes;
            going.push((kept, Reason::LogsTooLarge));
        }
    }
    going
}

/// Adds a file of evaluations, or a revision's folder of roots or logs.
fn add(by_rev: &mut BTreeMap<CommitSha, Kept>, kind: Kind, entry: &DirEntry) -> io::Result<()> {
    let Some(rev) = revision_of(entry) else {
        return Ok(());
    };
    let kept = by_rev.entry(rev.clone()).or_insert_with(|| Kept {
        kind,
        rev,
        files: 0,
        bytes: 0,
        written: SystemTime::UNIX_EPOCH,
        paths: Vec::new(),
    });
    kept.paths.push(entry.path());
    let metadata = entry.metadata()?;
    if !metadata.is_dir() {
        return kept.count(&metadata);
    }
    kept.written = kept.written.max(metadata.modified()?);
    for file in entries(&entry.path())? {
        kept.count(&file.metadata()?)?;
    }
    Ok(())
}

impl Kept {
    fn count(&mut self, file: &Metadata) -> io::Result<()> {
        self.files += 1;
        self.bytes += file.len();
        self.written = self.written.max(file.modified()?);
        Ok(())
    }
}

/// The revision that a name begins with: `<revision>`, `<revision>.<digest>.json`.
fn revision_of(entry: &DirEntry) -> Option<CommitSha> {
    let name = entry.file_name();
    let rev = name.to_str()?.split('.').next()?;
    CommitSha::parse(rev).ok()
}

fn entries(dir: &Path) -> io::Result<Vec<DirEntry>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
