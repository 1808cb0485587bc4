//! What a channel knows of what is asked.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use picket_domain::{Advisory, Candidate, PickStatus, PrNumber};
use picket_evidence::Record;
use picket_recognise::{Subject, is_about};
use picket_statements::{
    About, Package, Statement, Statements, Versions, What, packages, version_in_base,
};

use super::query::Query;
use crate::look::Look;

/// Packages that are told in full.
const PACKAGES: usize = 12;
/// Vulnerabilities of a package that are told.
const STATEMENTS: usize = 40;
/// Advisories of a package that no pull request names, and that are told.
const UNNAMED: usize = 20;
/// Pull requests that are told.
const CANDIDATES: usize = 25;
/// Names that are alike and told.
const SIMILAR: usize = 30;
/// What is shorter is in too many names.
const LEAST_SIMILAR: usize = 2;

/// What a channel knows of what is asked.
#[derive(Default)]
pub(crate) struct Found<'l> {
    pub(crate) packages: Vec<PackageFound<'l>>,
    /// Vulnerabilities that pull requests name which change no package that is known.
    pub(crate) changes: Vec<&'l Statement>,
    /// Pull requests about it, the last opened first.
    pub(crate) candidates: Vec<(&'l Candidate, &'l PickStatus)>,
    /// How many more of those there are.
    pub(crate) more_candidates: usize,
    /// Other packages whose names have it in them.
    pub(crate) similar: Vec<String>,
    /// Attributes that nixpkgs' tracker says a vulnerability is about, and that nothing is stated of.
    pub(crate) unwatched: Vec<String>,
}

/// What a channel knows of a package.
pub(crate) struct PackageFound<'l> {
    pub(crate) package: Package,
    /// Its version in the stable channel.
    pub(crate) in_base: Option<&'l str>,
    /// Its version in the current release.
    pub(crate) here: Option<&'l str>,
    /// What is asked about, what is not fixed first.
    pub(crate) statements: Vec<&'l Statement>,
    pub(crate) more_statements: usize,
    /// The advisories of it that no pull request names.
    pub(crate) unnamed: Vec<&'l Record>,
    pub(crate) more_unnamed: usize,
}

impl<'l> Found<'l> {
    pub(crate) fn of(look: &'l Look<'_>, statements: &'l Statements, query: &Query) -> Self {
        match query {
            Query::Empty | Query::TooLong => Self::default(),
            Query::Name(name) => Self::of_name(look, statements, name),
            Query::Advisory(advisory) => Self::of_advisory(look, statements, advisory),
            Query::PullRequest(pr) => Self::of_pull_request(look, statements, *pr),
        }
    }

    /// Whether there is nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.packages.is_empty()
            && self.changes.is_empty()
            && self.candidates.is_empty()
            && self.similar.is_empty()
            && self.unwatched.is_empty()
    }

    fn of_name(look: &'l Look<'_>, statements: &'l Statements, name: &str) -> Self {
        let is_it = |package: &&Package| is_called(package, name);
        let stated: BTreeSet<_> = statements.packages().filter(is_it).cloned().collect();
        let about = stated.iter().map(|it| About::Package(it.clone()));
        let prs = about.flat_map(|about| prs(statements.about(&about)));
        let prs: BTreeSet<_> = prs.collect();
        let candidates: Vec<_> = look
            .candidates()
            .filter(|(it, _)| prs.contains(&it.pr) || is_about_name(look, it, name))
            .collect();
        let changed = candidates.iter();
        let changed = changed.flat_map(|(it, _)| packages(&look.facts, it));
        let mut names = stated;
        names.extend(changed.filter(|it| is_called(it, name)));
        let known = Package::parse(name).filter(|_| !look.known.unnamed(name, &[]).is_empty());
        names.extend(known);
        let found = names.into_iter().take(PACKAGES).map(|package| {
            let about = About::Package(package.clone());
            let all = statements.about(&about).iter().collect();
            PackageFound::new(look, package, all, &candidates, true)
        });
        let lower = name.to_lowercase();
        Self {
            packages: found.collect(),
            changes: changes(statements, &candidates),
            similar: similar(statements, name),
            ..Self::default()
        }
        .with(match candidates.is_empty() {
            false => candidates,
            // Nothing is called so; a title may have it in it all the same.
            true => look
                .candidates()
                .filter(|(it, _)| it.title.to_lowercase().contains(&lower))
                .collect(),
        })
    }

    fn of_advisory(look: &'l Look<'_>, statements: &'l Statements, advisory: &Advisory) -> Self {
        let facts = look.known.of(advisory);
        let names: Vec<_> = facts.also.iter().chain([advisory]).collect();
        let about: Vec<_> = statements
            .iter()
            .filter(|it| names.contains(&&it.advisory))
            .collect();
        let prs: BTreeSet<_> = about.iter().flat_map(|it| prs([*it])).collect();
        let named = |it: &Candidate| it.advisories().iter().any(|one| names.contains(&one));
        let candidates: Vec<_> = look
            .candidates()
            .filter(|(it, _)| prs.contains(&it.pr) || named(it))
            .collect();
        let stated: BTreeSet<_> = about.iter().filter_map(|it| it.about.package()).collect();
        let records = facts.records.iter().chain(&facts.bundles);
        let affected: BTreeSet<_> = records.flat_map(|record| record.attributes()).collect();
        let is_stated = |name: &&str| stated.iter().any(|it| it.as_str() == *name);
        let unwatched = affected.into_iter().filter(|name| !is_stated(name));
        let found = stated.iter().take(PACKAGES).map(|package| {
            let of_it = about.iter().copied();
            let of_it = of_it.filter(|it| it.about.package() == Some(package));
            PackageFound::new(
                look,
                (*package).clone(),
                of_it.collect(),
                &candidates,
                false,
            )
        });
        Self {
            packages: found.collect(),
            changes: about
                .iter()
                .copied()
                .filter(|it| it.about.package().is_none())
                .take(STATEMENTS)
                .collect(),
            unwatched: unwatched.take(SIMILAR).map(str::to_owned).collect(),
            ..Self::default()
        }
        .with(candidates)
    }

    fn of_pull_request(look: &'l Look<'_>, statements: &'l Statements, pr: PrNumber) -> Self {
        let candidates: Vec<_> = look.candidates().filter(|(it, _)| it.pr == pr).collect();
        let Some((candidate, _)) = candidates.first() else {
            return Self::default();
        };
        let advisories = candidate.advisories();
        let found = packages(&look.facts, candidate).into_iter().map(|package| {
            let about = About::Package(package.clone());
            let of_it = statements.about(&about).iter();
            let of_it = of_it.filter(|it| advisories.contains(&it.advisory));
            PackageFound::new(look, package, of_it.collect(), &candidates, false)
        });
        Self {
            packages: found.take(PACKAGES).collect(),
            changes: changes(statements, &candidates),
            ..Self::default()
        }
        .with(candidates)
    }

    /// The last opened of these pull requests.
    fn with(mut self, mut candidates: Vec<(&'l Candidate, &'l PickStatus)>) -> Self {
        candidates.sort_by_key(|(it, _)| Reverse((it.opened_at, it.pr)));
        self.more_candidates = candidates.len().saturating_sub(CANDIDATES);
        candidates.truncate(CANDIDATES);
        self.candidates = candidates;
        self
    }
}

impl<'l> PackageFound<'l> {
    fn new(
        look: &'l Look<'_>,
        package: Package,
        mut statements: Vec<&'l Statement>,
        candidates: &[(&'l Candidate, &'l PickStatus)],
        with_unnamed: bool,
    ) -> Self {
        let facts = &look.facts;
        let all = || candidates.iter().map(|(candidate, _)| *candidate);
        let release = facts.current_release();
        let named = statements.iter().flat_map(|it| {
            let also = look.known.of(&it.advisory).also;
            also.into_iter().chain([it.advisory.clone()])
        });
        let named: Vec<_> = named.collect();
        let mut unnamed = match with_unnamed {
            true => look.known.unnamed(package.as_str(), &named),
            false => Vec::new(),
        };
        let more_unnamed = unnamed.len().saturating_sub(UNNAMED);
        unnamed.truncate(UNNAMED);
        let more_statements = statements.len().saturating_sub(STATEMENTS);
        statements.sort_by_key(|it| (rank(&it.last().what), Reverse(it.last().at)));
        statements.truncate(STATEMENTS);
        Self {
            in_base: version_in_base(facts, &package, all()),
            here: release.and_then(|it| Versions::of(facts, it).here(&package, all())),
            package,
            statements,
            more_statements,
            unnamed,
            more_unnamed,
        }
    }
}

/// Whether a package is asked for: by its attribute path, or the last name of that.
fn is_called(package: &Package, name: &str) -> bool {
    let is_it = |text: &str| text.eq_ignore_ascii_case(name);
    is_it(package.as_str()) || is_it(package.name())
}

fn is_about_name(look: &Look<'_>, candidate: &Candidate, name: &str) -> bool {
    // Most are told by this alone, and it costs less than all that follows.
    let has_it = |text: &str| contains(text, name);
    let may_be = has_it(&candidate.title) || candidate.files().iter().any(|it| has_it(&it.path));
    may_be
        && (is_about(&Subject::from(candidate), name)
            || packages(&look.facts, candidate)
                .iter()
                .any(|it| is_called(it, name)))
}

/// Whether a text has another in it, in upper or lower case.
fn contains(text: &str, other: &str) -> bool {
    let (text, other) = (text.as_bytes(), other.as_bytes());
    let mut windows = text.windows(other.len().max(1));
    windows.any(|window| window.eq_ignore_ascii_case(other))
}

/// The pull requests that statements come from.
fn prs<'s>(statements: impl IntoIterator<Item = &'s Statement>) -> Vec<PrNumber> {
    let events = statements.into_iter().flat_map(|it| &it.events);
    events.map(|event| event.what.pr()).collect()
}

fn changes<'l>(
    statements: &'l Statements,
    candidates: &[(&Candidate, &PickStatus)],
) -> Vec<&'l Statement> {
    let of_change = candidates.iter().flat_map(|(candidate, _)| {
        let about = About::Change(candidate.pr);
        statements.about(&about)
    });
    of_change.take(STATEMENTS).collect()
}

fn similar(statements: &Statements, name: &str) -> Vec<String> {
    if name.chars().count() < LEAST_SIMILAR {
        return Vec::new();
    }
    let others = statements.packages();
    let others = others.filter(|it| contains(it.as_str(), name) && !is_called(it, name));
    others.take(SIMILAR).map(ToString::to_string).collect()
}

/// What is worst for servers comes first.
fn rank(what: &What) -> u8 {
    match what {
        What::Withdrawn { .. } => 0,
        What::Affected { .. } => 1,
        What::Mitigated { .. } => 2,
        What::Detected { .. } => 3,
        What::NotAffected { .. } => 4,
        What::Fixed { .. } => 5,
    }
}
