//! What is known of one tree: its attributes, the derivations behind them, and who mentions what.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use git2::Oid;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::counted::{Counted, Doubles};
use crate::error::{ImpactError, at};
use crate::finding::{Findings, Sets};
use crate::graph::Graph;
use crate::references::References;
use crate::subject::Setting;

/// What an evaluation of a whole tree says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evaluated {
    pub(crate) findings: Findings,
    /// The attributes that are another one by a second name.
    pub(crate) doubles: Doubles,
    pub(crate) graph: Graph,
    pub(crate) sets: Sets,
    /// Files that the repository lacks, as a partial clone does.
    pub(crate) missing: Vec<String>,
    pub(crate) source: Source,
}

/// How it is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// Every attribute was evaluated, in so many seconds.
    Whole(f64),
    /// Those were evaluated that may differ from another tree's.
    Carried,
}

impl Evaluated {
    pub(crate) fn counted(&self) -> Counted<'_> {
        let (findings, doubles) = (&self.findings, &self.doubles);
        Counted { findings, doubles }
    }
}

/// What is known of a base.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) evaluated: Evaluated,
    pub(crate) references: References,
}

/// The two things that are kept of a tree: each is of use without the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Evaluated,
    References,
}

/// What is kept of trees that were looked at in the same way.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    folder: PathBuf,
    prefix: String,
}

impl Shelf {
    pub(crate) fn open(setting: &Setting, nix: &str) -> Result<Self, ImpactError> {
        let folder = setting.indexes();
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let prefix = setting.index_prefix(nix);
        Ok(Self { folder, prefix })
    }

    /// Whether a base has been looked at.
    pub(crate) fn has(&self, tree: Oid) -> bool {
        let is_kept = |part| self.file(tree, part).exists();
        is_kept(Part::Evaluated) && is_kept(Part::References)
    }

    /// What was kept of a base.
    pub(crate) fn index(&self, tree: Oid) -> Option<Index> {
        std::thread::scope(|scope| {
            let references = scope.spawn(|| self.get(tree, Part::References));
            let evaluated = self.get(tree, Part::Evaluated);
            let references = references.join().expect("reading does not panic");
            Some(Index {
                evaluated: evaluated?,
                references: references?,
            })
        })
    }

    /// The trees of which something is kept, those looked at last first.
    pub(crate) fn trees(&self) -> Vec<Oid> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let tree = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(".evaluated")?;
            let tree = name.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?;
            let tree = Oid::from_str(tree).ok()?;
            let time = entry.metadata().and_then(|it| it.modified());
            Some((time.unwrap_or(SystemTime::UNIX_EPOCH), tree))
        };
        let mut trees: Vec<_> = entries.flatten().filter_map(tree).collect();
        trees.sort();
        trees.into_iter().rev().map(|(_, tree)| tree).collect()
    }

    /// What was kept of a tree. What cannot be read is made again.
    pub(crate) fn get<T: DeserializeOwned>(&self, tree: Oid, part: Part) -> Option<T> {
        let file = self.file(tree, part);
        let kept = postcard::from_bytes(&fs::read(&file).ok()?).ok();
        // What is used stays; where that cannot be noted, it goes earlier.
        let now = SystemTime::now();
        let _ = fs::File::options()
            .append(true)
            .open(&file)
            .and_then(|it| it.set_modified(now));
        kept
    }

    pub(crate) fn put<T: Serialize>(
        &self,
        tree: Oid,
        part: Part,
        value: &T,
    ) -> Result<(), ImpactError> {
        let file = self.file(tree, part);
        let draft = file.with_added_extension("draft");
        let other = |error: postcard::Error| at(&draft)(std::io::Error::other(error));
        let bytes = postcard::to_stdvec(value).map_err(other)?;
        fs::write(&draft, bytes).map_err(at(&draft))?;
        fs::rename(&draft, &file).map_err(at(&file))
    }

    fn file(&self, tree: Oid, part: Part) -> PathBuf {
        let part = match part {
            Part::Evaluated => "evaluated",
            Part::References => "references",
        };
        let name = format!("{}-{tree}.{part}", self.prefix);
        Path::new(&self.folder).join(name)
    }
}
