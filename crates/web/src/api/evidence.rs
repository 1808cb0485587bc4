//! What is known elsewhere of what a candidate fixes, as JSON.

use picket_domain::{Advisory, Candidate};
use picket_evidence::{
    Advised, AdvisoryFacts, Affected, Likelihood, Record, SamePackage, Severity,
};
use serde::Serialize;

use crate::look::Look;
use crate::risks::risk;

/// Advisories of which all is told.
const TOLD: usize = 100;

#[derive(Serialize)]
pub(super) struct EvidenceJson {
    /// Why it stands where it stands in its part of the queue, as a sentence.
    place: String,
    advisories: Vec<AdvisoryJson>,
    /// Advisories that name its version as the fix, and that it does not name.
    advised: Vec<AdvisedJson>,
    /// Advisories in nixpkgs' tracker of packages that it changes, and that it does not name.
    unnamed: Vec<UnnamedJson>,
}

#[derive(Serialize)]
struct AdvisoryJson {
    id: String,
    url: String,
    /// Whether any source knows it.
    known: bool,
    also: Vec<String>,
    related: Vec<String>,
    summary: Option<String>,
    severity: Option<SeverityJson>,
    exploited: Option<ExploitedJson>,
    epss: Option<EpssJson>,
    affected: Vec<AffectedJson>,
    references: Vec<String>,
}

#[derive(Serialize)]
struct SeverityJson {
    /// `none`, `low`, `medium`, `high` or `critical`.
    rating: &'static str,
    /// From 0 to 10; null where a register gave a word alone.
    score: Option<f64>,
    vector: Option<String>,
}

#[derive(Serialize)]
struct ExploitedJson {
    since: String,
    due: String,
    overdue: bool,
    ransomware: bool,
}

#[derive(Serialize)]
struct EpssJson {
    /// Both from 0 to 1.
    probability: f64,
    percentile: f64,
    date: Option<String>,
}

#[derive(Serialize)]
struct AffectedJson {
    ecosystem: String,
    package: String,
    fixed: Vec<String>,
}

#[derive(Serialize)]
struct AdvisedJson {
    id: String,
    ecosystem: String,
    package: String,
    /// The version that mends it.
    fixed: String,
    /// The record of nixpkgs' tracker that says whose package it is; null where the name alone does.
    tracked: Option<String>,
}

#[derive(Serialize)]
struct UnnamedJson {
    attribute: String,
    id: String,
    ids: Vec<String>,
    summary: String,
}

impl EvidenceJson {
    pub(super) fn new(look: &Look<'_>, candidate: &Candidate) -> Self {
        let facts = look.advisories(candidate);
        let unnamed = look.unnamed(candidate, &facts).into_iter().take(TOLD);
        let told = facts.iter().take(TOLD);
        Self {
            place: risk(&look.known, candidate).reason(),
            advised: look
                .advised(candidate)
                .into_iter()
                .map(AdvisedJson::new)
                .collect(),
            unnamed: unnamed.map(UnnamedJson::new).collect(),
            advisories: told.map(|it| AdvisoryJson::new(it, look)).collect(),
        }
    }
}

impl AdvisedJson {
    fn new(advised: Advised<'_>) -> Self {
        Self {
            id: advised.record.id().to_owned(),
            ecosystem: advised.affected.ecosystem.to_string(),
            package: advised.affected.name.to_string(),
            fixed: advised.fixed.to_owned(),
            tracked: match advised.by {
                SamePackage::Tracked(record) => Some(record.id().to_owned()),
                SamePackage::Named => None,
            },
        }
    }
}

impl AdvisoryJson {
    fn new(facts: &AdvisoryFacts<'_>, look: &Look<'_>) -> Self {
        let references = facts.references().into_iter();
        Self {
            id: facts.advisory.to_string(),
            url: facts.advisory.url(),
            known: !facts.is_unknown(),
            also: ids(facts.also.iter()),
            related: ids(facts.related().into_iter()),
            summary: facts.summary().map(str::to_owned),
            severity: facts.severity().map(SeverityJson::new),
            exploited: facts.exploited.map(|it| ExploitedJson {
                since: it.since.clone(),
                due: it.due.clone(),
                overdue: it.is_overdue(look.now),
                ransomware: it.ransomware,
            }),
            epss: facts
                .likelihood
                .map(|it| EpssJson::new(it, look.known.scores_date())),
            affected: facts
                .affected()
                .into_iter()
                .map(AffectedJson::new)
                .collect(),
            references: references.map(str::to_owned).collect(),
        }
    }
}

impl SeverityJson {
    fn new(severity: &Severity) -> Self {
        Self {
            rating: severity.rating().word(),
            score: severity.tenths().map(|it| f64::from(it) / 10.0),
            vector: severity.vector().map(str::to_owned),
        }
    }
}

impl EpssJson {
    fn new(likelihood: Likelihood, date: Option<&str>) -> Self {
        let share = |hundred_thousandths: u32| f64::from(hundred_thousandths) / 100_000.0;
        Self {
            probability: share(likelihood.probability),
            percentile: share(likelihood.percentile),
            date: date.map(str::to_owned),
        }
    }
}

impl AffectedJson {
    fn new(affected: &Affected) -> Self {
        Self {
            ecosystem: affected.ecosystem.to_string(),
            package: affected.name.to_string(),
            fixed: affected.fixed.iter().map(ToString::to_string).collect(),
        }
    }
}

impl UnnamedJson {
    fn new((attribute, record): (&str, &Record)) -> Self {
        Self {
            attribute: attribute.to_owned(),
            id: record.id().to_owned(),
            ids: ids(record.ids()),
            summary: record.summary().to_owned(),
        }
    }
}

fn ids<'a>(ids: impl Iterator<Item = &'a Advisory>) -> Vec<String> {
    ids.map(ToString::to_string).collect()
}
