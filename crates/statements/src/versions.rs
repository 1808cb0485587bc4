//! Which versions packages have, as far as evaluating showed.

use std::collections::HashMap;

use picket_domain::{Candidate, Facts, Form, ImpactSummary, OnBase, Release, ReleasedPick};

use crate::package::Package;
use crate::statements::packages;

/// Which versions packages have in a release. They come from evaluating pull requests alone on the
/// base that it stands on: with its picks, and without what it does not have.
#[derive(Debug)]
pub struct Versions<'f> {
    facts: &'f Facts,
    /// What is known of the release's base; nothing once that is gone.
    on: Option<&'f OnBase>,
    /// The packages that its picks give another version; none where several do, or which one is not
    /// known.
    picked: HashMap<Package, Option<&'f str>>,
}

impl<'f> Versions<'f> {
    /// Those in a release.
    pub fn of(facts: &'f Facts, release: &Release) -> Self {
        let mut bases = facts.released.iter().chain(&facts.today);
        let mut versions = Self {
            facts,
            on: bases.find(|on| on.base.rev == release.base.rev),
            picked: HashMap::new(),
        };
        for pick in &release.picks {
            versions.add(pick);
        }
        versions
    }

    /// A package's version; `candidates` are those that may tell of it.
    pub fn here<'c>(
        &self,
        package: &Package,
        candidates: impl Iterator<Item = &'c Candidate>,
    ) -> Option<&'f str> {
        if let Some(version) = self.picked.get(package) {
            return *version;
        }
        without(self.facts, self.on?, package, candidates)
    }

    fn add(&mut self, pick: &ReleasedPick) {
        match pick.form {
            Form::AsIs => {}
            // Both are modules beside the packages.
            Form::Graft { .. } | Form::Mitigation { .. } => return,
        }
        let candidate = self.facts.candidates.get(&pick.pr);
        let Some(candidate) = candidate else { return };
        // What an earlier head changes is not found out.
        let is_this = candidate.head == pick.head;
        let impact = self.on.filter(|_| is_this);
        let impact = impact.and_then(|on| on.impacts.get(&self.facts.input(candidate)));
        match impact {
            Some(ImpactSummary::Known { versions, .. }) => {
                for it in versions {
                    if let Some(package) = Package::parse(&it.attribute) {
                        self.insert(package, it.new.as_deref());
                    }
                }
            }
            Some(ImpactSummary::Unknown) | None => {
                for package in packages(self.facts, candidate) {
                    self.insert(package, None);
                }
            }
        }
    }

    fn insert(&mut self, package: Package, version: Option<&'f str>) {
        let is_other = self.picked.contains_key(&package);
        self.picked.insert(package, version.filter(|_| !is_other));
    }
}

/// A package's version in the stable channel, as it is today; `candidates` are those that may tell.
pub fn version_in_base<'f, 'c>(
    facts: &'f Facts,
    package: &Package,
    candidates: impl Iterator<Item = &'c Candidate>,
) -> Option<&'f str> {
    without(facts, facts.today.as_ref()?, package, candidates)
}

fn without<'f, 'c>(
    facts: &'f Facts,
    on: &'f OnBase,
    package: &Package,
    mut candidates: impl Iterator<Item = &'c Candidate>,
) -> Option<&'f str> {
    candidates.find_map(|candidate| {
        let impact = on.impacts.get(&facts.input(candidate))?;
        let mut versions = impact.versions().iter();
        let package = versions.find(|it| it.attribute == package.as_str())?;
        package.old.as_deref()
    })
}
