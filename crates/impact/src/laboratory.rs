//! Where impacts are worked out: an estimate at once, and the exact answer behind it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use git2::Oid;
use rustc_hash::FxHashSet;

use crate::cancel::Cancel;
use crate::changed::touched;
use crate::compare::Differences;
use crate::error::ImpactError;
use crate::estimate::{self, Estimate};
use crate::finding::Finding;
use crate::git::Git;
use crate::graph::{Graph, Node};
use crate::impact::{Exact, Impact, count};
use crate::index::{Index, Source};
use crate::progress::Told;
use crate::questions;
use crate::subject::Setting;
use crate::times::Times;
use crate::worker::Worker;
use crate::workshop::Workshop;

/// Works out impacts in one repository. One process at a time uses a cache folder; another waits.
///
/// Everything here blocks: async code calls it on a thread of its own.
pub struct Laboratory {
    git: Git,
    setting: Setting,
    cancel: Cancel,
    told: Told,
}

impl Laboratory {
    /// Opens a repository, which is only read.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(repository: &Path, setting: Setting) -> Result<Self, ImpactError> {
        Ok(Self {
            git: Git::open(repository)?,
            setting,
            cancel: Cancel::default(),
            told: Told::default(),
        })
    }

    /// The same, and it is told how far a long evaluation is.
    #[must_use]
    pub fn telling(self, told: impl Fn(crate::Progress) + Send + Sync + 'static) -> Self {
        let told = Told::to(told);
        Self { told, ..self }
    }

    /// What stops this laboratory's work, whoever waits for it.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// What may differ between two revisions. It takes about `budget` of processor time once the base
    /// is known; to get to know it, all of it is evaluated, or what differs from a known one.
    ///
    /// # Errors
    /// When the repository, the disk or Nix fails, the whole of a tree does not evaluate, or the work
    /// was cancelled.
    pub fn estimate(
        &self,
        base: &str,
        head: &str,
        budget: Duration,
    ) -> Result<Impact, ImpactError> {
        let started = Instant::now();
        let (base, head) = (self.git.tree(base)?, self.git.tree(head)?);
        let shop = self.shop()?;
        let asked = Instant::now();
        let index = match shop.shelf.has(base) {
            true => None,
            false => Some(shop.index(base)?),
        };
        let base_time = index.as_ref().map(|_| asked.elapsed());
        let (index, (worker, missing_files)) = match index {
            Some(index) => (index, shop.start_on(head)?),
            None => begin(&shop, base, head)?,
        };
        let times = Times::new(Instant::now(), budget);
        let estimate = self.worked_out(&index, (base, head), times, worker)?;
        let attributes = index.evaluated.counted().len();
        let mass_rebuild = self.setting.mass_rebuild;
        let time = started.elapsed() - base_time.unwrap_or_default();
        Ok(Impact {
            estimate_seconds: time.as_secs_f64(),
            base_seconds: base_time.map(|time| time.as_secs_f64()),
            missing_files,
            ..Impact::estimated(estimate, attributes, mass_rebuild)
        })
    }

    /// What differs between the same two revisions, by an evaluation of everything; and how the
    /// estimate compares with that.
    ///
    /// # Errors
    /// As for [`Self::estimate`].
    pub fn exact(&self, base: &str, head: &str, estimate: Impact) -> Result<Impact, ImpactError> {
        let (base, head) = (self.git.tree(base)?, self.git.tree(head)?);
        let shop = self.shop()?;
        let before = shop.whole(base)?;
        let after = shop.whole(head)?;
        let mut differences = Differences::between(before.counted(), after.counted());
        ask_why(&shop, head, &mut differences)?;
        let seconds = match after.source {
            Source::Whole(seconds) => seconds,
            Source::Carried => 0.0,
        };
        let exact = Exact::beside(&estimate, &differences, seconds);
        let builds = to_build(&before.graph, &after.graph);
        let derivations = count(&builds);
        Ok(Impact {
            differences,
            derivations,
            builds,
            mass_rebuild: derivations > self.setting.mass_rebuild,
            unknown: Vec::new(),
            attributes: before.counted().len(),
            exact: Some(exact),
            ..estimate
        })
    }

    fn shop(&self) -> Result<Workshop<'_>, ImpactError> {
        Workshop::open(&self.git, &self.setting, &self.cancel, &self.told)
    }

    fn worked_out(
        &self,
        index: &Index,
        (base, head): (Oid, Oid),
        times: Times,
        worker: Worker,
    ) -> Result<Estimate, ImpactError> {
        let touched = touched(&self.git, &self.git.changes(base, head)?)?;
        let entry = self.setting.job_set.entry();
        estimate::estimate(index, &touched, entry, times, worker)
    }
}

/// Has what is known of the base read while a worker starts on the head.
fn begin(
    shop: &Workshop<'_>,
    base: Oid,
    head: Oid,
) -> Result<(Index, (Worker, Vec<String>)), ImpactError> {
    let shelf = &shop.shelf;
    let (index, worker) = std::thread::scope(|scope| {
        let index = scope.spawn(move || shelf.index(base));
        let worker = shop.start_on(head);
        (index.join().expect("reading does not panic"), worker)
    });
    match index {
        Some(index) => Ok((index, worker?)),
        // What was kept cannot be read. To make it again, the tree is needed.
        None => Ok((shop.index(base)?, shop.start_on(head)?)),
    }
}

/// Why attributes fail is asked only of those that did not before.
fn ask_why(shop: &Workshop<'_>, head: Oid, exact: &mut Differences) -> Result<(), ImpactError> {
    const ASKED: usize = 100;
    let failing = exact.newly_failing.iter_mut();
    let mut unknown = failing
        .filter(|it| it.message.is_empty())
        .take(ASKED)
        .peekable();
    if unknown.peek().is_none() {
        return Ok(());
    }
    let (mut worker, _) = shop.start_on(head)?;
    for failing in unknown {
        if let Some(Finding::Failed(message)) =
            questions::finding(&mut worker, &failing.path, None)?
        {
            failing.message = message;
        }
    }
    Ok(())
}

/// The names of the derivations whose outputs the base does not have.
fn to_build(base: &Graph, head: &Graph) -> BTreeMap<String, u32> {
    let nodes = |graph: &Graph| 0..graph.len() as Node;
    let there: FxHashSet<_> = nodes(base).map(|node| base.output(node)).collect();
    let is_new = |node: &Node| !head.is_fixed(*node) && !there.contains(head.output(*node));
    head.packages(nodes(head).filter(is_new))
}
