//! Version bumps that become candidates because an advisory names their version, often weeks after they
//! were merged.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_domain::{PassedBy, PrNumber};
use picket_evidence::Known as Advisories;
use picket_recognise::bumps;
use picket_watcher::Known;
use tracing::info;

use crate::engine::{Engine, PROGRESS};

/// So many more are asked for in one look: each costs a request, and GitHub a test merge.
const AT_ONCE: usize = 10;

/// The version bumps that advisories name.
#[derive(Default)]
pub(crate) struct Advised {
    /// What was known of advisories when all of them were looked through.
    known: Arc<Advisories>,
    /// Those that are to be asked for.
    waiting: BTreeSet<PrNumber>,
    /// Those that were asked for, and did not become candidates yet.
    asked_for: BTreeSet<PrNumber>,
}

impl Advised {
    /// Looks through all that were passed by, where a source of advisories was read again.
    pub(crate) async fn look(&mut self, engine: &Engine) -> anyhow::Result<()> {
        let known = engine.evidence.known();
        if !Arc::ptr_eq(&self.known, &known) {
            let all = engine.store.passed_by().await?;
            self.known = known;
            self.add(&all);
        }
        Ok(())
    }

    /// Has all of them looked through at the next look: some may have been stored since the last one.
    pub(crate) fn look_again(&mut self) {
        self.known = Arc::default();
    }

    /// Looks at what was just passed by.
    pub(crate) fn add(&mut self, passed_by: &[PassedBy]) {
        let advised = passed_by.iter().filter_map(|it| {
            let bumps = bumps(&it.title, it.base_branch.as_str());
            let mut reasons = bumps
                .iter()
                .flat_map(|bump| self.known.advised(bump.package, bump.from, bump.to));
            Some((it, reasons.next()?.to_string()))
        });
        for (it, reason) in advised {
            let (pr, title) = (it.pr, &it.title);
            if !self.asked_for.contains(&pr) && self.waiting.insert(pr) {
                info!(target: PROGRESS, "pull request {pr}, {title}, is a fix: {reason}");
            }
        }
    }

    /// Those to ask for in the next look: no more than ten that were not asked for before, the newest
    /// first.
    pub(crate) fn wanted(&mut self, known: &Known) -> BTreeSet<PrNumber> {
        self.waiting.retain(|pr| !known.contains_key(pr));
        self.asked_for.retain(|pr| !known.contains_key(pr));
        let next: Vec<_> = self.waiting.iter().rev().take(AT_ONCE).copied().collect();
        for pr in next {
            self.waiting.remove(&pr);
            self.asked_for.insert(pr);
        }
        self.asked_for.clone()
    }
}
