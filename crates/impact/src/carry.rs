//! What is known of a tree, carried over to one that is near it: only what may differ is evaluated.
//!
//! It is as sure as an estimate that has all the time that it takes. So it is a base for estimates;
//! an exact answer does not build on it.

use git2::Oid;

use crate::changed::touched;
use crate::doubles;
use crate::error::ImpactError;
use crate::estimate;
use crate::finding::{Finding, Findings};
use crate::git::Change;
use crate::graph::Graph;
use crate::index::{Evaluated, Index, Part, Source};
use crate::references::References;
use crate::workshop::Workshop;

impl Workshop<'_> {
    /// What is known of a base. Where nothing is, it is carried over from a tree that is near, or all
    /// of it is evaluated.
    pub(crate) fn index(&self, tree: Oid) -> Result<Index, ImpactError> {
        if let Some(index) = self.shelf.index(tree) {
            return Ok(index);
        }
        let near = self.near(tree)?;
        let near = near.and_then(|(near, changes)| Some((self.shelf.index(near)?, changes)));
        let kept = self.shelf.get(tree, Part::Evaluated);
        let index = match (near, kept) {
            (Some((index, changes)), Some(kept)) => {
                references(self, index.references, &changes, tree, kept)?
            }
            (Some((index, changes)), None) => match over(self, index, &changes, tree)? {
                Some(index) => {
                    self.shelf.put(tree, Part::Evaluated, &index.evaluated)?;
                    index
                }
                None => self.anew(tree)?,
            },
            (None, _) => self.anew(tree)?,
        };
        self.shelf.put(tree, Part::References, &index.references)?;
        Ok(index)
    }

    fn anew(&self, tree: Oid) -> Result<Index, ImpactError> {
        let evaluated = self.whole(tree)?;
        let references = self.references(tree, &evaluated)?;
        Ok(Index {
            evaluated,
            references,
        })
    }
}

/// What is known of `tree`, which differs from the index's by these changes. `None`: so much may
/// differ that it is evaluated as a whole.
fn over(
    shop: &Workshop<'_>,
    index: Index,
    changes: &[Change],
    tree: Oid,
) -> Result<Option<Index>, ImpactError> {
    let touched = touched(shop.git, changes)?;
    let (worker, missing) = shop.start_on(tree)?;
    let entry = shop.setting.job_set.entry();
    let Some(found) = estimate::all(&index, &touched, entry, worker)? else {
        return Ok(None);
    };
    let (mut worker, rebuilt) = shop.evaluate(found.worker, &found.rebuilt)?;
    let mut head = found.head;
    head.extend(rebuilt);
    let doubles = doubles::after(&index.evaluated, &head, |_| false, &mut worker)?;
    let findings = replaced(index.evaluated.findings, head);
    let evaluated = Evaluated {
        graph: grown(index.evaluated.graph, &findings)?,
        findings,
        doubles,
        // A set that is new is not worth an evaluation of all.
        sets: index.evaluated.sets,
        missing,
        source: Source::Carried,
    };
    references(shop, index.references, changes, tree, evaluated).map(Some)
}

/// The same of a tree whose attributes are known.
fn references(
    shop: &Workshop<'_>,
    mut references: References,
    changes: &[Change],
    tree: Oid,
    evaluated: Evaluated,
) -> Result<Index, ImpactError> {
    shop.checkout.to(shop.git, tree)?;
    shop.with_origin(tree, &evaluated, |origin| {
        references.update(origin, changes.iter().map(|change| change.path.as_str()));
    })?;
    Ok(Index {
        evaluated,
        references,
    })
}

fn replaced(mut findings: Findings, head: Findings) -> Findings {
    for (path, finding) in head {
        match finding {
            Finding::Missing => drop(findings.remove(&path)),
            finding => drop(findings.insert(path, finding)),
        }
    }
    findings
}

fn grown(graph: Graph, findings: &Findings) -> Result<Graph, ImpactError> {
    let packages = findings.values().filter_map(Finding::package);
    graph.grown(packages.map(|package| package.drv.as_str()))
}
