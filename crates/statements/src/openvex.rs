//! A channel's statements as OpenVEX, version 0.2.0: <https://github.com/openvex/spec>.

use std::cmp::Reverse;

use picket_domain::{Facts, Release, Timestamp, text};
use serde::Serialize;

use crate::event::{FixedBy, What};
use crate::package::Package;
use crate::site::Site;
use crate::statement::{About, Statement};
use crate::statements::Statements;
use crate::versions::Versions;

const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";
/// Statements of a document: what is decided first, and then what is newest.
const MOST_STATEMENTS: usize = 2_000;
/// Releases for which a fix is stated: the newest.
const MOST_RELEASES: usize = 10;
/// No reason has more characters in it.
const MAX_REASON: usize = 2_000;

/// A document.
#[derive(Debug, Clone, Serialize)]
pub struct OpenVex {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: String,
    role: &'static str,
    timestamp: String,
    last_updated: String,
    version: i64,
    tooling: &'static str,
    statements: Vec<VexStatement>,
}

#[derive(Debug, Clone, Serialize)]
struct VexStatement {
    vulnerability: Vulnerability,
    timestamp: String,
    products: Vec<Product>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Vulnerability {
    #[serde(rename = "@id")]
    id: String,
    name: String,
}

#[derive(Debug, Clone, Serialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
    identifiers: Identifiers,
}

#[derive(Debug, Clone, Serialize)]
struct Identifiers {
    purl: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

impl OpenVex {
    /// What a channel states. A statement is about revisions: of a fix, about those of the releases
    /// that have it, of all else, about the one that clients get. Where there is no release, and where
    /// no package is known, there is nothing to state.
    pub fn of_channel(facts: &Facts, site: &Site, statements: &Statements) -> Self {
        let mut all: Vec<_> = statements.iter().collect();
        all.sort_by_key(|it| (!it.is_decided(), Reverse(it.last().at)));
        all.truncate(MOST_STATEMENTS);
        all.sort_by_key(|it| it.last().at);
        let writer = Writer::new(facts, site);
        let written = all.into_iter().filter_map(|it| writer.statement(it));
        let written: Vec<_> = written.collect();
        let released = facts.current_release().and_then(Release::published_at);
        let newest = written.iter().map(|(at, _)| *at).chain(released).max();
        let channel = &facts.policy.channel;
        let id = site.openvex(channel);
        Self::new(
            site,
            id,
            newest,
            written.into_iter().map(|(_, it)| it).collect(),
        )
    }

    /// What channels state of each of these packages; what they state nothing of is left out.
    pub fn of_packages<'p>(
        channels: &[(&Facts, &Statements)],
        site: &Site,
        packages: impl Iterator<Item = &'p Package>,
    ) -> Vec<(&'p Package, Self)> {
        let channels = channels.iter();
        let writers: Vec<_> = channels
            .map(|(facts, statements)| (Writer::new(facts, site), *statements))
            .collect();
        let documents =
            packages.map(|package| (package, Self::of_package(&writers, site, package)));
        documents
            .filter(|(_, document)| !document.statements.is_empty())
            .collect()
    }

    fn of_package(writers: &[(Writer<'_>, &Statements)], site: &Site, package: &Package) -> Self {
        let about = About::Package(package.clone());
        let mut written: Vec<_> = writers
            .iter()
            .flat_map(|(writer, statements)| {
                let found = statements.about(&about).iter();
                found.filter_map(|it| writer.statement(it))
            })
            .collect();
        written.sort_by_key(|(at, _)| *at);
        let newest = written.iter().map(|(at, _)| *at).max();
        let id = format!("{}/vex/{}", site.url, package.purl());
        Self::new(
            site,
            id,
            newest,
            written.into_iter().map(|(_, it)| it).collect(),
        )
    }

    /// Its version is the time of the newest event or release in it, which only grows.
    fn new(
        site: &Site,
        id: String,
        newest: Option<Timestamp>,
        statements: Vec<VexStatement>,
    ) -> Self {
        let newest = newest.unwrap_or(Timestamp::from_unix(1));
        Self {
            context: CONTEXT,
            id,
            author: site.url.clone(),
            role: "Publisher of the channel",
            timestamp: newest.to_string(),
            last_updated: newest.to_string(),
            version: newest.as_unix().max(1),
            tooling: "Picket",
            statements,
        }
    }

    /// When what is newest in it came to be.
    pub fn updated_at(&self) -> Timestamp {
        Timestamp::from_unix(self.version)
    }
}

struct Writer<'f> {
    facts: &'f Facts,
    site: &'f Site,
    /// The newest releases, newest first.
    releases: Vec<(&'f Release, Timestamp, Versions<'f>)>,
}

impl<'f> Writer<'f> {
    fn new(facts: &'f Facts, site: &'f Site) -> Self {
        let published = facts.releases.iter().rev();
        let published = published.filter_map(|it| Some((it, it.published_at()?)));
        let newest = published.take(MOST_RELEASES);
        Self {
            facts,
            site,
            releases: newest
                .map(|(release, at)| (release, at, Versions::of(facts, release)))
                .collect(),
        }
    }

    /// A statement, with the time of what is newest in it.
    fn statement(&self, statement: &Statement) -> Option<(Timestamp, VexStatement)> {
        let event = statement.last();
        let package = statement.about.package()?;
        let candidate = self.facts.candidates.get(&event.what.pr())?;
        let (_, released, _) = self.releases.first()?;
        let since = statement.fixed_since();
        // Of a fix, the releases that have it; of all else, the one that clients get.
        let releases = self.releases.iter().enumerate();
        let releases = releases.take_while(|(place, (_, at, _))| match since {
            Some(since) => *place == 0 || *at >= since,
            None => *place == 0,
        });
        let products = releases.map(|(_, (release, _, versions))| {
            let version = versions.here(package, std::iter::once(candidate.as_ref()));
            Product::new(package.purl_at(version, &release.rev))
        });
        let written = VexStatement {
            vulnerability: Vulnerability {
                id: statement.advisory.url(),
                name: statement.advisory.to_string(),
            },
            timestamp: since.unwrap_or(event.at).to_string(),
            products: products.collect(),
            status: status(&event.what),
            status_notes: self.notes(&event.what),
            impact_statement: impact(&event.what),
            action_statement: self.action(&event.what),
        };
        Some((event.at.max(*released), written))
    }

    fn notes(&self, what: &What) -> Option<String> {
        let page = self.site.candidate(&self.facts.policy.channel, what.pr());
        match what {
            What::Fixed {
                by: FixedBy::Base, ..
            } => Some(format!(
                "The stable channel that the release stands on has the fix: {page}"
            )),
            What::Fixed {
                by: FixedBy::Release(_),
                ..
            } => Some(format!("The release carries the fix: {page}")),
            What::Detected { .. } => Some(format!("A pull request names it: {page}")),
            What::NotAffected { .. } => Some(format!("The team looked at it: {page}")),
            What::Affected { .. } | What::Mitigated { .. } | What::Withdrawn { .. } => None,
        }
    }

    /// What people can do where the channel is affected, which a statement must say.
    fn action(&self, what: &What) -> Option<String> {
        let page = self.site.candidate(&self.facts.policy.channel, what.pr());
        match what {
            What::Affected { .. } => Some(format!(
                "A fix was approved and is not released yet; see {page}"
            )),
            What::Mitigated { form, .. } => Some(format!(
                "The vulnerability is {} by a NixOS module of the channel, unless that is switched \
                 off, and not fixed in the package; see {page}",
                form.done()
            )),
            What::Withdrawn { .. } => Some(format!(
                "The channel carried a fix and does not any more; see {page}"
            )),
            What::Detected { .. } | What::NotAffected { .. } | What::Fixed { .. } => None,
        }
    }
}

impl Product {
    fn new(purl: String) -> Self {
        Self {
            id: purl.clone(),
            identifiers: Identifiers { purl },
        }
    }
}

fn status(what: &What) -> Status {
    match what {
        What::Detected { .. } => Status::UnderInvestigation,
        // What switches a hole off can be switched off itself.
        What::Affected { .. } | What::Mitigated { .. } | What::Withdrawn { .. } => Status::Affected,
        What::NotAffected { .. } => Status::NotAffected,
        What::Fixed { .. } => Status::Fixed,
    }
}

/// Why the channel is not affected: a person's words, for which no label stands.
fn impact(what: &What) -> Option<String> {
    match what {
        What::NotAffected { reason, .. } => Some(text::line(reason, MAX_REASON)),
        What::Detected { .. }
        | What::Affected { .. }
        | What::Mitigated { .. }
        | What::Fixed { .. }
        | What::Withdrawn { .. } => None,
    }
}
