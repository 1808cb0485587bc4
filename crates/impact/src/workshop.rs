//! The repository and all that is needed to evaluate trees of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use git2::Oid;

use crate::cancel::Cancel;
use crate::checkout::Checkout;
use crate::cleaning;
use crate::counted::Doubles;
use crate::doubles;
use crate::error::{ImpactError, at};
use crate::finding::{AttributePath, Finding, Findings, Sets};
use crate::git::{EntryKind, Git};
use crate::graph::Graph;
use crate::index::{Evaluated, Part, Shelf, Source};
use crate::progress::{Counting, Told};
use crate::questions;
use crate::references::{self, Origin, References};
use crate::subject::{JobSet, Setting};
use crate::worker::{Crew, OwnNix, Worker};

/// Trees that are asked whether they are near.
const NEAR_ASKED: usize = 16;
/// With more changed files, a tree is not near.
const NEAR_FILES: usize = 2000;

pub(crate) struct Workshop<'a> {
    pub(crate) git: &'a Git,
    pub(crate) setting: &'a Setting,
    pub(crate) checkout: Checkout,
    pub(crate) shelf: Shelf,
    crew: Arc<Crew>,
    told: &'a Told,
}

impl<'a> Workshop<'a> {
    pub(crate) fn open(
        git: &'a Git,
        setting: &'a Setting,
        cancel: &Cancel,
        told: &'a Told,
    ) -> Result<Self, ImpactError> {
        // What is not there cannot be let into a sandbox.
        let tree = setting.checkout().join("tree");
        fs::create_dir_all(&tree).map_err(at(&tree))?;
        let checkout = Checkout::open(setting.checkout())?;
        let nix = OwnNix::find(setting)?;
        let shelf = Shelf::open(setting, &nix.version().to_string())?;
        let crew = Crew::new(setting, &nix, checkout.files(), cancel.clone())?;
        Ok(Self {
            git,
            setting,
            checkout,
            shelf,
            crew: Arc::new(crew),
            told,
        })
    }

    fn worker(&self) -> Result<Worker, ImpactError> {
        Worker::start(Arc::clone(&self.crew))
    }

    /// A worker on a tree, which begins at once to read what every package needs; and the files of the
    /// tree that are missing in the repository.
    pub(crate) fn start_on(&self, tree: Oid) -> Result<(Worker, Vec<String>), ImpactError> {
        let missing = self.checkout.to(self.git, tree)?;
        Ok((self.worker()?, missing))
    }

    /// All that an evaluation of everything says of a tree.
    pub(crate) fn whole(&self, tree: Oid) -> Result<Evaluated, ImpactError> {
        let kept: Option<Evaluated> = self.shelf.get(tree, Part::Evaluated);
        if let Some(evaluated) = kept.filter(|it| it.source != Source::Carried) {
            return Ok(evaluated);
        }
        let started = Instant::now();
        let missing = self.checkout.to(self.git, tree)?;
        let first = self.worker()?;
        let (findings, doubles, sets) = self.evaluate_all(first)?;
        let drvs = findings.values().filter_map(Finding::package);
        let graph = Graph::read(drvs.map(|package| package.drv.as_str()))?;
        let evaluated = Evaluated {
            findings,
            doubles,
            graph,
            sets,
            missing,
            source: Source::Whole(started.elapsed().as_secs_f64()),
        };
        self.shelf.put(tree, Part::Evaluated, &evaluated)?;
        cleaning::clean(self.setting)?;
        Ok(evaluated)
    }

    /// The tree that is known and nearest to this one, and what differs from it.
    pub(crate) fn near(
        &self,
        tree: Oid,
    ) -> Result<Option<(Oid, Vec<crate::git::Change>)>, ImpactError> {
        let mut nearest: Option<(Oid, Vec<_>)> = None;
        let known = self.shelf.trees().into_iter();
        for other in known.filter(|it| self.shelf.has(*it)).take(NEAR_ASKED) {
            // It may be of another repository.
            let Ok(changes) = self.git.changes(other, tree) else {
                continue;
            };
            let most = nearest.as_ref().map_or(NEAR_FILES, |(_, it)| it.len());
            if changes.len() < most {
                nearest = Some((other, changes));
            }
        }
        Ok(nearest)
    }

    fn evaluate_all(&self, mut first: Worker) -> Result<(Findings, Doubles, Sets), ImpactError> {
        let paths = questions::paths(&mut first, None)?;
        let (mut first, findings) = self.evaluate(first, &paths)?;
        let doubles = doubles::find(&mut first, &doubles::groups(&findings))?;
        let is_set = |(path, finding): (&AttributePath, &Finding)| {
            matches!(finding, Finding::Set).then(|| path.clone())
        };
        let sets: Vec<_> = findings.iter().filter_map(is_set).collect();
        let mut sets = questions::sets(&mut first, &sets)?;
        if self.setting.job_set != JobSet::TopLevel {
            sets.extend(questions::packages(&mut first)?);
        }
        Ok((findings, doubles, sets))
    }

    /// These attributes of the tree that is checked out, with all workers.
    pub(crate) fn evaluate(
        &self,
        first: Worker,
        paths: &[AttributePath],
    ) -> Result<(Worker, Findings), ImpactError> {
        // A worker has to read what all packages need before it is of any use.
        const WORTH_A_WORKER: usize = 100;
        let workers = (paths.len() / WORTH_A_WORKER).clamp(1, self.setting.limits.seats());
        let share = paths.len().div_ceil(workers).max(1);
        let counting = &self.told.count(paths.len());
        std::thread::scope(|scope| {
            let mut shares = paths.chunks(share);
            let mine = shares.next().unwrap_or_default();
            let start = |paths| {
                let crew = Arc::clone(&self.crew);
                scope.spawn(move || evaluate(Worker::start(crew)?, paths, counting))
            };
            let others: Vec<_> = shares.map(start).collect();
            let (first, found) = evaluate(first, mine, counting)?;
            let mut findings: Findings = found.into_iter().collect();
            for other in others {
                let (_, found) = other.join().expect("a worker's thread does not panic")?;
                findings.extend(found);
            }
            Ok((first, findings))
        })
    }

    pub(crate) fn references(
        &self,
        tree: Oid,
        evaluated: &Evaluated,
    ) -> Result<References, ImpactError> {
        self.checkout.to(self.git, tree)?;
        self.with_origin(tree, evaluated, references::build)
    }

    /// Does something with the tree that is checked out, as where references come from.
    pub(crate) fn with_origin<T>(
        &self,
        tree: Oid,
        evaluated: &Evaluated,
        work: impl FnOnce(&Origin<'_>) -> T,
    ) -> Result<T, ImpactError> {
        let root = self.checkout.files();
        let mut files = BTreeMap::new();
        for (path, entry) in self.git.files(tree)? {
            let target = match entry.kind {
                EntryKind::Link => self.git.content(entry.id)?,
                EntryKind::File | EntryKind::Executable => None,
            };
            files.insert(
                path,
                target.map(|it| String::from_utf8_lossy(&it).into_owned()),
            );
        }
        Ok(work(&Origin {
            files: &files,
            content: &|path| fs::read(root.join(Path::new(path))).ok(),
            is_attribute: &|name| {
                let path = AttributePath::top(name);
                evaluated.findings.contains_key(&path)
            },
            sets: &evaluated.sets,
        }))
    }
}

/// How many attributes a worker is asked for at a time.
const AT_ONCE: usize = 32;

type Found = Vec<(AttributePath, Finding)>;

fn evaluate(
    mut worker: Worker,
    paths: &[AttributePath],
    counting: &Counting<'_>,
) -> Result<(Worker, Found), ImpactError> {
    let mut found = Vec::with_capacity(paths.len());
    for some in paths.chunks(AT_ONCE) {
        let findings = questions::findings(&mut worker, some)?;
        found.extend(some.iter().cloned().zip(findings));
        counting.add(some.len());
    }
    Ok((worker, found))
}
