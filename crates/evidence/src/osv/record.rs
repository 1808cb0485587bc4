//! One advisory, as far as it helps to decide.

use picket_domain::{Advisory, Timestamp, text};

use super::affected::{Affected, affected};
use super::raw::{self, Raw};
use crate::severity::Severity;

/// Names of a record that are kept, of each kind.
const MOST_NAMES: usize = 50;
/// References that are kept.
const MOST_REFERENCES: usize = 3;
/// No id has more characters.
const MAX_WORD: usize = 80;
/// No address is longer, in bytes.
const MAX_URL: usize = 500;

/// One advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    id: Box<str>,
    own: Option<Advisory>,
    aliases: Box<[Advisory]>,
    upstream: Box<[Advisory]>,
    related: Box<[Advisory]>,
    summary: Box<str>,
    severity: Option<Severity>,
    affected: Box<[Affected]>,
    references: Box<[Box<str>]>,
    published: Option<Timestamp>,
    modified: Option<Timestamp>,
}

/// What a text was.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// An advisory.
    Record(Box<Record>),
    /// One that its register took back: no evidence.
    Withdrawn,
    /// Something else.
    Odd,
}

impl Record {
    /// Reads one record.
    pub(crate) fn parse(json: &str) -> Parsed {
        match serde_json::from_str::<Raw>(json) {
            Ok(raw) if !is_word(&raw.id) => Parsed::Odd,
            Ok(raw) if raw.withdrawn.is_some() => Parsed::Withdrawn,
            Ok(raw) => Parsed::Record(Box::new(Self::new(raw))),
            Err(_) => Parsed::Odd,
        }
    }

    fn new(raw: Raw) -> Self {
        Self {
            own: Advisory::parse(&raw.id),
            severity: severity(&raw),
            summary: summary(&raw).into(),
            id: raw.id.into(),
            aliases: names(raw.aliases),
            upstream: names(raw.upstream),
            related: names(raw.related),
            affected: affected(raw.affected.unwrap_or_default()),
            references: references(raw.references.unwrap_or_default()),
            published: time(raw.published.as_deref()),
            modified: time(raw.modified.as_deref()),
        }
    }

    /// What its register calls it, of whichever form.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The same, where Picket knows the register.
    pub fn own(&self) -> Option<&Advisory> {
        self.own.as_ref()
    }

    /// What it is called, and what it goes back to.
    pub fn ids(&self) -> impl Iterator<Item = &Advisory> {
        let own = self.own.iter();
        own.chain(&self.aliases).chain(&self.upstream)
    }

    /// Whether it speaks of this vulnerability and of no other one: a distribution's advisory that
    /// goes back to several says nothing of each.
    pub fn is_about(&self, id: &Advisory) -> bool {
        self.own.as_ref() == Some(id)
            || self.aliases.contains(id)
            || self.upstream.as_ref() == std::slice::from_ref(id)
    }

    /// Vulnerabilities that have to do with it, and are others.
    pub fn related(&self) -> &[Advisory] {
        &self.related
    }

    /// What it is about: a line, which may be empty.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// How bad it is.
    pub fn severity(&self) -> Option<&Severity> {
        self.severity.as_ref()
    }

    /// What it affects.
    pub fn affected(&self) -> &[Affected] {
        &self.affected
    }

    /// The attributes of nixpkgs that it affects.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        let of_nixpkgs = self.affected.iter().filter(|it| it.is_of_nixpkgs());
        of_nixpkgs.map(|it| &*it.name)
    }

    /// Addresses with more, fixes first.
    pub fn references(&self) -> &[Box<str>] {
        &self.references
    }

    /// When it came out.
    pub fn published(&self) -> Option<Timestamp> {
        self.published
    }

    /// When it was changed last.
    pub fn modified(&self) -> Option<Timestamp> {
        self.modified
    }
}

fn is_word(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && (1..=MAX_WORD).contains(&text.len())
}

/// Those that candidates can name: of registers that Picket knows.
fn names(texts: Option<Vec<String>>) -> Box<[Advisory]> {
    let texts = texts.unwrap_or_default();
    let known = texts.iter().filter_map(|text| Advisory::parse(text));
    known.take(MOST_NAMES).collect()
}

/// Where there is no summary, what the details begin with.
fn summary(raw: &Raw) -> String {
    let texts = [raw.summary.as_deref(), raw.details.as_deref()];
    let mut texts = texts.into_iter().flatten();
    let filled = texts.find(|text| !text.trim().is_empty());
    let first = filled.map(|text| text.trim().lines().next().unwrap_or_default());
    text::line(first.unwrap_or_default(), text::MAX_LINE)
}

/// By a vector of the record or of a package; by its register's word where there is none.
fn severity(raw: &Raw) -> Option<Severity> {
    let of_packages = raw.affected.iter().flatten();
    let of_packages = of_packages.flat_map(|it| it.severity.iter().flatten());
    let vectors = raw.severity.iter().flatten().chain(of_packages);
    let vectors = vectors.filter_map(|it| it.score.as_ref()?.as_str());
    let word = raw.database_specific.as_ref();
    let word = word.and_then(|it| it.get("severity")?.as_str());
    let words = word.into_iter().filter_map(Severity::of_word);
    Severity::chosen(vectors.filter_map(Severity::of_vector).chain(words))
}

/// A fix tells most, and then what somebody wrote about it.
fn references(raw: Vec<raw::Reference>) -> Box<[Box<str>]> {
    let rank = |kind: Option<&str>| match kind {
        Some("FIX") => 0,
        Some("ADVISORY") => 1,
        Some(_) | None => 2,
    };
    let ranked = raw.into_iter().map(|it| (rank(it.kind.as_deref()), it.url));
    let ranked = ranked.filter_map(|(rank, url)| Some((rank, url.filter(|it| is_address(it))?)));
    let mut ranked: Vec<_> = ranked.collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(MOST_REFERENCES);
    ranked.into_iter().map(|(_, url)| url.into()).collect()
}

fn is_address(url: &str) -> bool {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && url.len() <= MAX_URL && url.bytes().all(|byte| byte.is_ascii_graphic())
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(Timestamp::parse_rfc3339)
}

#[cfg(test)]
mod tests {
    use super::super::affected::{MAX_NAME, MOST_AFFECTED};
    use super::*;

    const GITHUB: &str = r#"{
        "schema_version": "1.4.0", "id": "GHSA-vr6x-fg8c-3hmm",
        "modified": "2026-11-21T10:00:00Z", "published": "2026-11-20T10:00:00Z",
        "aliases": ["CVE-2026-40114", "SNYK-1", "CVE-2026-40114-1"], "withdrawn": null,
        "summary": "Requests are <b>smuggled</b>\u202e", "details": "More.\nAnd more.",
        "severity": [
            {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
            {"type": "CVSS_V4", "score": "nonsense"}, {"type": "CVSS_V4", "score": 7}],
        "affected": [
            {"package": {"ecosystem": "npm", "name": "x"}, "ranges": [{"type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]},
            {"package": {"ecosystem": "npm", "name": "x"}, "ranges": [{"type": "ECOSYSTEM",
                "events": [{"introduced": "2.0"}, {"fixed": "2.0.1"}]}]},
            {"versions": ["1"]}],
        "references": [
            {"type": "WEB", "url": "https://example.org/news"},
            {"type": "WEB", "url": "javascript:alert(1)"},
            {"type": "ADVISORY", "url": "https://example.org/a b"},
            {"type": "FIX", "url": "https://example.org/commit/1"}],
        "database_specific": {"severity": "LOW", "cwe_ids": []}}"#;

    fn record(json: &str) -> Record {
        match Record::parse(json) {
            Parsed::Record(record) => *record,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_helps_to_decide_is_kept_of_githubs_records() {
        let record = record(GITHUB);
        assert_eq!(record.summary(), "Requests are <b>smuggled</b>�");
        let ids: Vec<_> = record.ids().map(Advisory::as_str).collect();
        assert_eq!(ids, ["GHSA-vr6x-fg8c-3hmm", "CVE-2026-40114"]);
        let severity = record.severity().unwrap();
        assert_eq!(severity.to_string(), "critical 9.8");
        assert_eq!(record.affected().len(), 1);
        let affected = &record.affected()[0];
        assert_eq!((&*affected.ecosystem, &*affected.name), ("npm", "x"));
        assert_eq!(affected.fixed.join(", "), "1.2.3, 2.0.1");
        let expected = ["https://example.org/commit/1", "https://example.org/news"];
        assert!(record.references().iter().map(|it| &**it).eq(expected));
        assert!(record.published() < record.modified());
    }

    #[test]
    fn a_record_of_nixpkgs_names_attributes_and_what_it_goes_back_to() {
        let record = record(
            r#"{"id": "NIXPKGS-2026-0042", "upstream": ["CVE-2026-40114"], "related": ["CVE-2026-1111"],
            "details": "\n\n Requests are smuggled\nlong\n",
            "affected": [{"package": {"ecosystem": "Nixpkgs", "name": "nginx"}}]}"#,
        );
        assert!(record.attributes().eq(["nginx"]));
        let is_about = |id: &str| record.is_about(&Advisory::parse(id).unwrap());
        assert!(is_about("CVE-2026-40114") && is_about("NIXPKGS-2026-0042"));
        assert!(!is_about("CVE-2026-1111"), "that is related, no more");
        assert_eq!(record.summary(), "Requests are smuggled");
        assert_eq!((record.severity(), record.published()), (None, None));
    }

    #[test]
    fn one_that_goes_back_to_several_is_about_none_of_them() {
        let record =
            record(r#"{"id": "DSA-5678-1", "upstream": ["CVE-2026-1111", "CVE-2026-2222"]}"#);
        let id = Advisory::parse("CVE-2026-1111").unwrap();
        assert!(!record.is_about(&id) && record.ids().any(|it| *it == id));
    }

    #[test]
    fn a_registers_word_counts_where_there_is_no_vector() {
        let record = record(
            r#"{"id": "X-1", "severity": null, "aliases": null, "affected": [],
            "database_specific": {"severity": "MODERATE"}}"#,
        );
        assert_eq!(record.severity().unwrap().to_string(), "medium");
        assert_eq!(record.id(), "X-1");
    }

    #[test]
    fn the_withdrawn_and_the_odd_are_told_apart() {
        let withdrawn = r#"{"id": "X-1", "withdrawn": "2026-01-01T00:00:00Z"}"#;
        assert!(matches!(Record::parse(withdrawn), Parsed::Withdrawn));
        let long = format!(r#"{{"id": "{}"}}"#, "X".repeat(200));
        let deep = format!(r#"{{"id": "X-1", "affected": {}"#, "[".repeat(10_000));
        for odd in [
            "",
            "7",
            "{}",
            r#"{"id": 7}"#,
            r#"{"id": ""}"#,
            r#"{"id": "a b"}"#,
            r#"{"id": "X-1", "affected": 7}"#,
            r#"{"id": "X-1", "aliases": [7]}"#,
            &long,
            &deep,
        ] {
            assert!(matches!(Record::parse(odd), Parsed::Odd), "{odd}");
        }
    }

    #[test]
    fn what_is_endless_is_cut() {
        let package = r#"{"package": {"ecosystem": "npm", "name": "NAME"}, "ranges": [{"events":
            [{"fixed": "1"}, {"fixed": "2"}]}]}"#;
        let packages: Vec<_> = (0..500)
            .map(|n| package.replace("NAME", &format!("{n}{}", "x".repeat(n * 10))))
            .collect();
        let long = "y".repeat(5_000);
        let record = record(&format!(
            r#"{{"id": "X-1", "summary": "{long}", "affected": [{}]}}"#,
            packages.join(",")
        ));
        assert_eq!(record.affected().len(), MOST_AFFECTED);
        assert_eq!(record.summary().chars().count(), text::MAX_LINE);
        let longest = record.affected().iter().map(|it| it.name.len()).max();
        assert!(longest < Some(MAX_NAME + 5));
    }
}
