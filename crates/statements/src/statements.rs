//! All statements of a channel.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use picket_domain::{Advisory, Candidate, Facts, PrNumber, attribute_of};

use crate::fold::events;
use crate::happening::{Happening, happenings};
use crate::package::Package;
use crate::run::{Run, runs};
use crate::statement::{About, Statement};

/// Packages of one pull request that are stated.
const MOST_PACKAGES: usize = 20;
/// Vulnerabilities of one pull request that are stated.
const MOST_ADVISORIES: usize = 50;

/// All statements of a channel, by what they are about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Statements(BTreeMap<About, Vec<Statement>>);

impl Statements {
    /// What there is to say by what is known of a channel.
    ///
    /// What a pull request names, and which packages it changes, is read from it as it stands now.
    pub fn of(facts: &Facts) -> Self {
        let runs = runs(&facts.releases);
        let mut found: BTreeMap<(About, Advisory), Vec<_>> = BTreeMap::new();
        for candidate in facts.candidates.values() {
            let advisories = candidate.advisories();
            if advisories.is_empty() {
                continue;
            }
            let happened = of_one(facts, candidate, &runs);
            for about in abouts(facts, candidate) {
                for advisory in advisories.iter().take(MOST_ADVISORIES) {
                    let key = (about.clone(), advisory.clone());
                    let happened = happened.iter().cloned();
                    let happened = happened.map(|(at, what)| (at, candidate.pr, what));
                    found.entry(key).or_default().extend(happened);
                }
            }
        }
        let mut statements = Self::default();
        for ((about, advisory), happened) in found {
            let statement = Statement {
                about: about.clone(),
                events: events(&advisory, happened),
                advisory,
            };
            statements.0.entry(about).or_default().push(statement);
        }
        statements
    }

    /// All of them, by package and vulnerability.
    pub fn iter(&self) -> impl Iterator<Item = &Statement> {
        self.0.values().flatten()
    }

    /// The packages that there are statements of.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.0.keys().filter_map(About::package)
    }

    /// Those about one package or change, by vulnerability.
    pub fn about(&self, about: &About) -> &[Statement] {
        self.0.get(about).map_or(&[], Vec::as_slice)
    }
}

fn of_one<'f>(
    facts: &'f Facts,
    candidate: &'f Candidate,
    runs: &HashMap<PrNumber, Vec<Run<'f>>>,
) -> Vec<(picket_domain::Timestamp, Happening<'f>)> {
    let runs = runs.get(&candidate.pr).map_or(&[][..], Vec::as_slice);
    happenings(facts, candidate, runs)
}

fn abouts(facts: &Facts, candidate: &Candidate) -> Vec<About> {
    let packages = packages(facts, candidate);
    match packages.is_empty() {
        true => vec![About::Change(candidate.pr)],
        false => packages.into_iter().map(About::Package).collect(),
    }
}

/// The packages that a candidate changes, as far as that is known: those that get another version,
/// as evaluating shows, and those whose own folders its files are in.
pub fn packages(facts: &Facts, candidate: &Candidate) -> BTreeSet<Package> {
    let other_versions = versions(facts, candidate).map(|it| it.attribute.as_str());
    let files = candidate.files().iter();
    let by_name = files.filter_map(|file| attribute_of(&file.path));
    let all = other_versions.chain(by_name).filter_map(Package::parse);
    all.take(MOST_PACKAGES).collect()
}

fn versions<'f>(
    facts: &'f Facts,
    candidate: &Candidate,
) -> impl Iterator<Item = &'f picket_domain::ImpactedPackage> {
    let bases = facts.released.iter().chain(&facts.today);
    let measured = bases.filter(|on| !on.impacts.is_empty());
    let impacts = measured.filter_map(|on| on.impacts.get(&facts.input(candidate)));
    impacts.flat_map(picket_domain::ImpactSummary::versions)
}
