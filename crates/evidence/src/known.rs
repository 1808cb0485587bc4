//! What all sources say, at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use picket_domain::Advisory;

use crate::epss::Scores;
use crate::exploited::Catalogue;
use crate::facts::AdvisoryFacts;
use crate::osv::{Advisories, Record};
use crate::risk::Risk;

/// Names of one vulnerability that are followed: a register that takes many for the same is wrong.
const MOST_NAMES: usize = 30;

/// What all sources say, at one moment.
#[derive(Debug, Default)]
pub struct Known {
    pub(crate) exploited: Arc<Catalogue>,
    pub(crate) scores: Arc<Scores>,
    pub(crate) advisories: Vec<Arc<Advisories>>,
}

impl Known {
    /// Whether they say nothing.
    pub fn is_empty(&self) -> bool {
        let has_records = self.advisories.iter().any(|it| !it.is_empty());
        !has_records && self.exploited.is_empty() && self.scores.is_empty()
    }

    /// The day of the EPSS scores: `2025-08-25`.
    pub fn scores_date(&self) -> Option<&str> {
        self.scores.date()
    }

    /// What is known of a vulnerability.
    pub fn of(&self, advisory: &Advisory) -> AdvisoryFacts<'_> {
        let (names, records) = self.followed(advisory);
        let (about, bundles): (Vec<_>, Vec<_>) = newest(records)
            .into_iter()
            .partition(|record| names.iter().any(|name| record.is_about(name)));
        AdvisoryFacts {
            advisory: advisory.clone(),
            exploited: names.iter().find_map(|it| self.exploited.of(it)),
            likelihood: names.iter().filter_map(|it| self.scores.of(it)).max(),
            also: names.into_iter().skip(1).collect(),
            records: about,
            bundles,
        }
    }

    /// How much is at risk while a fix of these waits.
    pub fn risk<'a>(&self, advisories: impl Iterator<Item = &'a Advisory>) -> Risk {
        if self.is_empty() {
            return Risk::default();
        }
        advisories.fold(Risk::default(), |risk, it| risk.and(self.of(it).risk()))
    }

    /// The advisories of an attribute of nixpkgs that none of these names speaks of, newest first.
    pub fn unnamed(&self, attribute: &str, named: &[Advisory]) -> Vec<&Record> {
        let records = self.advisories.iter();
        let records = records.flat_map(|it| it.of_attribute(attribute)).collect();
        let mut unnamed = newest(records);
        unnamed.retain(|record| !record.ids().any(|id| named.contains(id)));
        unnamed.sort_by_key(|record| std::cmp::Reverse(record.published()));
        unnamed
    }

    /// A vulnerability's names, the one that is asked for first, and the records that have any.
    fn followed(&self, advisory: &Advisory) -> (Vec<Advisory>, Vec<&Record>) {
        let mut names = vec![advisory.clone()];
        let mut records = Vec::new();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            for record in self.advisories.iter().flat_map(|it| it.of(&name)) {
                records.push(record);
                let others = record.ids().filter(|_| record.is_about(&name));
                for other in others {
                    if names.len() < MOST_NAMES && !names.contains(other) {
                        names.push(other.clone());
                    }
                }
            }
        }
        (names, records)
    }
}

/// Each id once, by its newest record: two sources may have the same advisory.
fn newest(records: Vec<&Record>) -> Vec<&Record> {
    let mut by_id: BTreeMap<&str, &Record> = BTreeMap::new();
    for record in records {
        let known = by_id.entry(record.id()).or_insert(record);
        if record.modified() > known.modified() {
            *known = record;
        }
    }
    by_id.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osv::Parsed;

    const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const LOW: &str = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";

    fn source(records: &[&str]) -> Arc<Advisories> {
        let read = records.iter().map(|json| match Record::parse(json) {
            Parsed::Record(record) => *record,
            other => panic!("{other:?}"),
        });
        Arc::new(Advisories::new(read.collect()))
    }

    fn id(text: &str) -> Advisory {
        Advisory::parse(text).unwrap()
    }

    fn github(modified: &str, vector: &str) -> String {
        format!(
            r#"{{"id": "GHSA-vr6x-fg8c-3hmm", "aliases": ["CVE-2026-40114"], "modified": "{modified}",
            "severity": [{{"type": "CVSS_V3", "score": "{vector}"}}], "related": ["CVE-2026-3333"]}}"#
        )
    }

    fn known() -> Known {
        let kev = r#"{"vulnerabilities": [{"cveID": "CVE-2026-40114", "dateAdded": "2026-11-20",
            "dueDate": "2026-12-11"}]}"#;
        let scores = "cve,epss,percentile\nCVE-2026-40114,0.5,0.9\nCVE-2026-2222,0.7,0.95\n";
        Known {
            exploited: Arc::new(Catalogue::parse(kev).unwrap().0),
            scores: Arc::new(Scores::parse(&mut scores.as_bytes()).unwrap().0),
            advisories: vec![
                source(&[
                    r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-40114"], "summary": "Smuggling",
                    "published": "2026-11-20T00:00:00Z",
                    "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "nginx"}}]}"#,
                    r#"{"id": "NIXPKGS-2026-0043", "upstream": ["CVE-2026-2222"],
                    "published": "2026-11-21T00:00:00Z",
                    "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "nginx"}}]}"#,
                    r#"{"id": "DSA-5678-1", "upstream": ["CVE-2026-40114", "CVE-2026-2222"],
                    "severity": [{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
                    "affected": [{"package": {"ecosystem": "Debian:13", "name": "nginx"}}]}"#,
                    &github("2026-11-20T10:00:00Z", CRITICAL),
                ]),
                source(&[&github("2026-11-21T10:00:00Z", LOW)]),
            ],
        }
    }

    #[test]
    fn one_vulnerability_is_known_under_all_its_names() {
        let known = known();
        let facts = known.of(&id("GHSA-vr6x-fg8c-3hmm"));
        assert_eq!(facts.also, [id("CVE-2026-40114"), id("NIXPKGS-2026-0042")]);
        assert_eq!(facts.exploited.unwrap().since, "2026-11-20");
        assert_eq!(facts.likelihood.unwrap().probability, 50_000);
        assert_eq!(facts.summary(), Some("Smuggling"));
        assert_eq!(facts.related(), [&id("CVE-2026-3333")]);
        let packages = facts.affected().into_iter().map(|it| &*it.ecosystem);
        assert_eq!(packages.collect::<Vec<_>>(), ["Nixpkgs", "Debian:13"]);
    }

    #[test]
    fn the_newest_record_of_an_id_counts_and_one_of_many_rates_none_of_them() {
        let known = known();
        let facts = known.of(&id("CVE-2026-40114"));
        assert_eq!(facts.severity().unwrap().to_string(), "low 1.6");
        assert_eq!(facts.bundles.len(), 1);
        let other = known.of(&id("CVE-2026-2222"));
        assert!(other.severity().is_none() && other.exploited.is_none());
        assert!(!other.is_unknown());
        let bundle = known.of(&id("DSA-5678-1"));
        assert!(bundle.exploited.is_some(), "it mends what is exploited");
        assert!(known.of(&id("CVE-2026-9999")).is_unknown());
    }

    #[test]
    fn risks_add_up_over_what_a_fix_names() {
        let known = known();
        let ids = [id("CVE-2026-2222"), id("CVE-2026-40114")];
        let (one, both) = (known.risk(ids[..1].iter()), known.risk(ids.iter()));
        assert!(both < one && both.is_exploited() && !one.is_exploited());
        assert_eq!(Known::default().risk(ids.iter()), Risk::default());
    }

    #[test]
    fn what_a_fix_does_not_name_of_its_package_is_found_newest_first() {
        let known = known();
        let unnamed = |named: &[Advisory]| {
            let found = known.unnamed("nginx", named);
            found.iter().map(|it| it.id()).collect::<Vec<_>>()
        };
        assert_eq!(unnamed(&[]), ["NIXPKGS-2026-0043", "NIXPKGS-2026-0042"]);
        assert_eq!(unnamed(&[id("CVE-2026-40114")]), ["NIXPKGS-2026-0043"]);
        assert_eq!(unnamed(&[id("NIXPKGS-2026-0043")]), ["NIXPKGS-2026-0042"]);
        assert!(known.unnamed("Nginx", &[]).is_empty());
    }

    #[test]
    fn a_chain_of_aliases_ends_somewhere() {
        let records: Vec<_> = (1000..1100)
            .map(|n| {
                format!(
                    r#"{{"id": "CVE-2026-{n}", "aliases": ["CVE-2026-{}"]}}"#,
                    n + 1
                )
            })
            .collect();
        let records: Vec<_> = records.iter().map(String::as_str).collect();
        let known = Known {
            advisories: vec![source(&records)],
            ..Known::default()
        };
        assert_eq!(known.of(&id("CVE-2026-1050")).also.len(), MOST_NAMES - 1);
    }
}
