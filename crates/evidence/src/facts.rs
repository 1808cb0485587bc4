//! What is known of one vulnerability, under all its names.

use picket_domain::Advisory;

use crate::epss::Likelihood;
use crate::exploited::Exploited;
use crate::osv::{Affected, Record};
use crate::risk::Risk;
use crate::severity::Severity;

/// What all sources know of one vulnerability.
#[derive(Debug)]
pub struct AdvisoryFacts<'k> {
    /// As it was asked for.
    pub advisory: Advisory,
    /// The other names under which it is known.
    pub also: Vec<Advisory>,
    /// Whether, and since when, it is exploited.
    pub exploited: Option<&'k Exploited>,
    /// How likely it is to be exploited.
    pub likelihood: Option<Likelihood>,
    /// The records about it alone, oldest id first; each id once.
    pub records: Vec<&'k Record>,
    /// Those that are about others, too.
    pub bundles: Vec<&'k Record>,
}

impl<'k> AdvisoryFacts<'k> {
    /// Whether no source knows it.
    pub fn is_unknown(&self) -> bool {
        let has_record = !self.records.is_empty() || !self.bundles.is_empty();
        !has_record && self.exploited.is_none() && self.likelihood.is_none()
    }

    /// How bad it is.
    pub fn severity(&self) -> Option<&'k Severity> {
        Severity::chosen(self.records.iter().filter_map(|it| it.severity()))
    }

    /// What it is about, in a line.
    pub fn summary(&self) -> Option<&'k str> {
        let mut summaries = self.records.iter().map(|it| it.summary());
        summaries.find(|text| !text.is_empty())
    }

    /// What it affects, each package once.
    pub fn affected(&self) -> Vec<&'k Affected> {
        let records = self.records.iter().chain(&self.bundles);
        let mut all: Vec<&Affected> = Vec::new();
        for affected in records.flat_map(|it| it.affected()) {
            if !all.contains(&affected) {
                all.push(affected);
            }
        }
        all
    }

    /// Addresses with more, each once.
    pub fn references(&self) -> Vec<&'k str> {
        let mut all: Vec<_> = self
            .records
            .iter()
            .flat_map(|it| it.references().iter().map(|url| &**url))
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|url| seen.insert(*url));
        all
    }

    /// Vulnerabilities that have to do with it, and are others.
    pub fn related(&self) -> Vec<&'k Advisory> {
        let mut all: Vec<_> = self.records.iter().flat_map(|it| it.related()).collect();
        all.sort();
        all.dedup();
        all.retain(|it| **it != self.advisory && !self.also.contains(it));
        all
    }

    /// How much is at risk while it is not mended.
    pub fn risk(&self) -> Risk {
        let rating = self.severity().map(Severity::rating);
        Risk::new(self.exploited.is_some(), rating, self.likelihood)
    }
}
