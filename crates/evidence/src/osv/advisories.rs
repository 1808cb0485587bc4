//! The records of one source, to be looked up.

use picket_domain::{Advisory, last_name};

use super::affected::Affected;
use super::index::Index;
use super::record::Record;

/// Records, by what they are called and by nixpkgs' attributes.
#[derive(Debug, Default)]
pub struct Advisories {
    records: Box<[Record]>,
    by_id: Index<Advisory>,
    by_attribute: Index<Box<str>>,
    /// By what packages are called, wherever they come from, in small letters.
    by_name: Index<Box<str>>,
}

impl Advisories {
    /// These records.
    pub fn new(records: Vec<Record>) -> Self {
        let places = || (0_u32..).zip(&records);
        let by_id = places().flat_map(|(at, it)| it.ids().map(move |id| (id.clone(), at)));
        let by_attribute = places().flat_map(|(at, it)| {
            let attributes = it.attributes();
            attributes.map(move |name| (name.into(), at))
        });
        let by_name = places().flat_map(|(at, it)| {
            let names = it.affected().iter().filter_map(searched_name);
            names.map(move |name| (name.to_lowercase().into(), at))
        });
        Self {
            by_id: Index::new(by_id),
            by_attribute: Index::new(by_attribute),
            by_name: Index::new(by_name),
            records: records.into(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Those that have this identifier as their own, as an alias, or as what they go back to.
    pub fn of<'a>(&'a self, id: &Advisory) -> impl Iterator<Item = &'a Record> + use<'a> {
        let places: Vec<_> = self.by_id.of(id).collect();
        places.into_iter().map(|at| &self.records[at])
    }

    /// Those about this attribute of nixpkgs.
    pub fn of_attribute(&self, attribute: &str) -> impl Iterator<Item = &Record> {
        self.by_attribute.of(attribute).map(|at| &self.records[at])
    }

    /// Those about a package of this name: of nixpkgs, whichever set it is in, or elsewhere, where they
    /// name a version that mends it.
    pub fn of_name(&self, name: &str) -> impl Iterator<Item = &Record> {
        let places: Vec<_> = self.by_name.of(name.to_lowercase().as_str()).collect();
        places.into_iter().map(|at| &self.records[at])
    }
}

fn searched_name(affected: &Affected) -> Option<&str> {
    if affected.is_of_nixpkgs() {
        return Some(last_name(&affected.name));
    }
    let has_fix = affected.fixed_versions().next().is_some();
    has_fix.then(|| affected.short_name())
}

#[cfg(test)]
mod tests {
    use super::super::record::Parsed;
    use super::*;

    fn record(json: &str) -> Record {
        match Record::parse(json) {
            Parsed::Record(record) => *record,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn records_are_found_by_every_name_and_by_attribute() {
        let advisories = Advisories::new(vec![
            record(
                r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-40114"],
                "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "nginx"}},
                    {"package": {"ecosystem": "npm", "name": "mastodon"}}]}"#,
            ),
            record(r#"{"id": "GHSA-vr6x-fg8c-3hmm", "aliases": ["CVE-2026-40114"]}"#),
        ]);
        let of = |id: &str| {
            let found = advisories.of(&Advisory::parse(id).unwrap());
            found.map(|it| it.id().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            of("CVE-2026-40114"),
            ["NIXPKGS-2026-0042", "GHSA-vr6x-fg8c-3hmm"]
        );
        assert_eq!(of("NIXPKGS-2026-0042"), ["NIXPKGS-2026-0042"]);
        assert_eq!(of("CVE-2026-40115"), [""; 0]);
        assert_eq!(advisories.of_attribute("nginx").count(), 1);
        assert_eq!(advisories.of_attribute("mastodon").count(), 0);
        assert_eq!(advisories.of_attribute("ngin").count(), 0);
    }
}
