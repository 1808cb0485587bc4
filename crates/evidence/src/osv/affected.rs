//! What an advisory is about, and what mends it.

use picket_domain::text;

use super::raw;

/// The ecosystem of nixpkgs' own tracker: names in it are attributes.
const NIXPKGS: &str = "Nixpkgs";

/// Packages of a record that are kept.
pub(super) const MOST_AFFECTED: usize = 50;
/// Fixed versions of a package that are kept.
const MOST_FIXED: usize = 8;
/// No package's name has more characters.
pub(super) const MAX_NAME: usize = 200;
/// No ecosystem or version has more characters.
const MAX_WORD: usize = 80;

/// A package that an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Whose package: `npm`, `Nixpkgs`.
    pub ecosystem: Box<str>,
    /// Its name there; in nixpkgs an attribute.
    pub name: Box<str>,
    /// The versions, or commits, that mend it, as the record has them.
    pub fixed: Box<[Box<str>]>,
}

/// A package may come several times, each time with other ranges.
pub(super) fn affected(raw: Vec<raw::Affected>) -> Box<[Affected]> {
    let mut all: Vec<Affected> = Vec::new();
    for raw in raw {
        let Some(package) = raw.package else { continue };
        let ecosystem = text::line(&package.ecosystem, MAX_WORD).into();
        let name = text::line(&package.name, MAX_NAME).into();
        let fixed = fixed(raw.ranges);
        let is_same = |it: &Affected| (&it.ecosystem, &it.name) == (&ecosystem, &name);
        match all.iter().position(is_same) {
            Some(at) => all[at].mended_by(fixed),
            None if all.len() < MOST_AFFECTED => all.push(Affected {
                ecosystem,
                name,
                fixed: fixed.into(),
            }),
            None => {}
        }
    }
    all.into()
}

impl Affected {
    /// Whether its name is an attribute of nixpkgs.
    pub fn is_of_nixpkgs(&self) -> bool {
        &*self.ecosystem == NIXPKGS
    }

    /// What it is called without where it comes from: `traefik`, of `github.com/traefik/traefik/v3` and
    /// of `org.example:traefik`.
    pub fn short_name(&self) -> &str {
        let is_series = |part: &&str| {
            let number = part.strip_prefix('v').unwrap_or_default();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        let mut parts = self.name.rsplit(['/', ':']);
        let last = parts.next().unwrap_or_default();
        match parts.next() {
            Some(before) if is_series(&last) => before,
            Some(_) | None => last,
        }
    }

    /// The versions that mend it, without a leading `v`: no commits.
    pub fn fixed_versions(&self) -> impl Iterator<Item = &str> {
        let versions = self.fixed.iter().map(|it| it.trim_start_matches('v'));
        versions.filter(|it| it.starts_with(|c: char| c.is_ascii_digit()) && !is_commit(it))
    }

    fn mended_by(&mut self, more: Vec<Box<str>>) {
        let mut fixed = std::mem::take(&mut self.fixed).into_vec();
        fixed.extend(more);
        fixed.dedup();
        fixed.truncate(MOST_FIXED);
        self.fixed = fixed.into();
    }
}

fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn fixed(ranges: Option<Vec<raw::Range>>) -> Vec<Box<str>> {
    let events = ranges.into_iter().flatten();
    let events = events.flat_map(|range| range.events.unwrap_or_default());
    let fixed = events.filter_map(|event| event.fixed);
    fixed
        .take(MOST_FIXED)
        .map(|version| text::line(&version, MAX_WORD).into())
        .collect()
}
