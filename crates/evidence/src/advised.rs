//! Version bumps that an advisory names as the fix, though they say nothing of it themselves.

use std::cmp::Ordering;
use std::fmt;

use picket_domain::{Advisory, compare_versions, last_name};

use crate::known::Known;
use crate::osv::{Affected, Record};

/// So many are told of one bump.
const MOST: usize = 8;

/// An advisory that a version bump mends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advised<'k> {
    /// The record that names the version.
    pub record: &'k Record,
    /// What the record says is mended.
    pub affected: &'k Affected,
    /// The version that mends it.
    pub fixed: &'k str,
    /// How the package is known to be the same.
    pub by: SamePackage<'k>,
}

/// Why a record's package is the one of nixpkgs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamePackage<'k> {
    /// nixpkgs' tracker says so: this record of it is about the same vulnerability.
    Tracked(&'k Record),
    /// It has the same name, and the new version is exactly the one that mends it. Names alone collide:
    /// a plugin may be called what it is a plugin for.
    Named,
}

impl Advised<'_> {
    /// Whether it is about this vulnerability, under whichever name its records have.
    pub fn is_about(&self, id: &Advisory) -> bool {
        let is_tracked = match self.by {
            SamePackage::Tracked(record) => record.is_about(id),
            SamePackage::Named => false,
        };
        is_tracked || self.record.is_about(id)
    }
}

impl fmt::Display for Advised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, name, fixed) = (self.record.id(), &self.affected.name, self.fixed);
        let ecosystem = &self.affected.ecosystem;
        write!(f, "{id} says that {fixed} mends {name} ({ecosystem})")?;
        match self.by {
            SamePackage::Tracked(record) => write!(f, ", and {} is about it", record.id()),
            SamePackage::Named => write!(f, ", which has the same name"),
        }
    }
}

impl Known {
    /// The advisories that a step of a package from one version to another mends: those of which a
    /// record names a version in between, or the new one, as the fix. At most 8.
    pub fn advised(&self, package: &str, from: &str, to: &str) -> Vec<Advised<'_>> {
        let name = last_name(package);
        let mut advised: Vec<Advised<'_>> = Vec::new();
        let records = self.advisories.iter().flat_map(|it| it.of_name(name));
        for record in records {
            if record.attributes().any(|it| last_name(it) == name) {
                self.add_tracked(record, (from, to), &mut advised);
            }
            add_named(record, name, to, &mut advised);
        }
        advised.sort_by_key(|it| it.record.id());
        advised.dedup_by_key(|it| it.record.id());
        advised.truncate(MOST);
        advised
    }

    fn add_tracked<'k>(
        &'k self,
        tracked: &'k Record,
        (from, to): (&str, &str),
        advised: &mut Vec<Advised<'k>>,
    ) {
        let is_step = |fixed: &str| {
            compare_versions(from, fixed) == Ordering::Less
                && compare_versions(fixed, to) != Ordering::Greater
        };
        for id in tracked.ids().filter(|id| tracked.is_about(id)) {
            let records = self.advisories.iter().flat_map(|it| it.of(id));
            let records = records.filter(|it| it.is_about(id));
            advised.extend(records.filter_map(|record| {
                let (affected, fixed) = fixes(record).find(|(_, fixed)| is_step(fixed))?;
                let by = SamePackage::Tracked(tracked);
                Some(Advised {
                    record,
                    affected,
                    fixed,
                    by,
                })
            }));
        }
    }
}

fn add_named<'k>(record: &'k Record, name: &str, to: &str, advised: &mut Vec<Advised<'k>>) {
    let is_it = |(affected, fixed): &(&Affected, &str)| {
        affected.short_name().eq_ignore_ascii_case(name)
            && compare_versions(fixed, to) == Ordering::Equal
    };
    let by = SamePackage::Named;
    let found = fixes(record).find(is_it);
    advised.extend(found.map(|(affected, fixed)| Advised {
        record,
        affected,
        fixed,
        by,
    }));
}

/// The versions that a record says mend what it is about. A distribution's versions are its own.
fn fixes(record: &Record) -> impl Iterator<Item = (&Affected, &str)> {
    let affected = record.affected().iter();
    let elsewhere = affected.filter(|it| !it.is_of_nixpkgs() && !it.ecosystem.contains(':'));
    elsewhere.flat_map(|it| it.fixed_versions().map(move |fixed| (it, fixed)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::osv::{Advisories, Parsed};

    fn known(records: &[&str]) -> Known {
        let read = records.iter().map(|json| match Record::parse(json) {
            Parsed::Record(record) => *record,
            other => panic!("{other:?}"),
        });
        Known {
            advisories: vec![Arc::new(Advisories::new(read.collect()))],
            ..Known::default()
        }
    }

    const TRACKED: &str = r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-40114"],
        "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "python312Packages.django"}}]}"#;
    const GITHUB: &str = r#"{"id": "GHSA-vr6x-fg8c-3hmm", "aliases": ["CVE-2026-40114"],
        "affected": [{"package": {"ecosystem": "PyPI", "name": "Django"},
            "ranges": [{"events": [{"introduced": "5.2"}, {"fixed": "5.2.8"}]},
                {"events": [{"fixed": "v4.2.26"}, {"fixed": "4fa0c2e1b2f34d5e6f708192a3b4c5d6e7f80912"}]}]}]}"#;
    const DEBIAN: &str = r#"{"id": "DSA-1-1", "upstream": ["CVE-2026-40114"],
        "affected": [{"package": {"ecosystem": "Debian:13", "name": "django"},
            "ranges": [{"events": [{"fixed": "5.2.9"}]}]}]}"#;

    fn said(known: &Known, package: &str, from: &str, to: &str) -> Vec<String> {
        let advised = known.advised(package, from, to);
        advised.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_step_over_the_fixed_version_is_the_fix() {
        let known = known(&[TRACKED, GITHUB, DEBIAN]);
        let mended = "GHSA-vr6x-fg8c-3hmm says that 5.2.8 mends Django (PyPI), and NIXPKGS-2026-0042 \
            is about it";
        for (from, to) in [("5.2.7", "5.2.8"), ("5.2.6", "5.2.9"), ("5.1", "5.2.8")] {
            assert_eq!(said(&known, "python3Packages.django", from, to), [mended]);
        }
        for (from, to) in [("5.2.8", "5.2.9"), ("5.2.6", "5.2.7"), ("4.2.26", "5.2.7")] {
            assert_eq!(said(&known, "django", from, to), [""; 0], "{from} -> {to}");
        }
        assert_eq!(said(&known, "django-mptt", "5.2.7", "5.2.8"), [""; 0]);
    }

    #[test]
    fn by_the_name_alone_only_the_very_version_counts() {
        let known = known(&[GITHUB]);
        let mended =
            "GHSA-vr6x-fg8c-3hmm says that 5.2.8 mends Django (PyPI), which has the same name";
        assert_eq!(said(&known, "django", "5.2.7", "5.2.8"), [mended]);
        assert_eq!(said(&known, "django", "5.2.7", "5.2.9"), [""; 0]);
        assert_eq!(said(&known, "django", "4.2.25", "4.2.26").len(), 1);
    }

    #[test]
    fn names_are_the_last_part_of_what_registers_call_packages() {
        let named = |name: &str| {
            let json = format!(
                r#"{{"id": "GHSA-vr6x-fg8c-3hmm", "affected": [{{"package": {{"ecosystem": "Go",
                "name": "{name}"}}, "ranges": [{{"events": [{{"fixed": "3.2.1"}}]}}]}}]}}"#
            );
            said(&known(&[&json]), "traefik", "3.2.0", "3.2.1").len()
        };
        assert_eq!(named("github.com/traefik/traefik/v3"), 1);
        assert_eq!(named("github.com/traefik/traefik"), 1);
        assert_eq!(named("org.example:traefik"), 1);
        assert_eq!(named("github.com/traefik/traefik/v3/pkg"), 0);
    }
}
