//! OSV records: what a release fixes, for scanners. Schema 1.7: <https://ossf.github.io/osv-schema/>.
//!
//! A record is about one pull request in one channel. Its id begins with `x_`, as the schema has it for
//! databases that are not among those of OSV. What it names is `upstream` of it and never an alias: it
//! says where nixpkgs was mended, and one pull request may mend several vulnerabilities.

use std::cmp::Reverse;

use picket_domain::{
    Candidate, ChannelName, DismissalKind, Facts, PrNumber, Release, Timestamp, UpstreamState, text,
};
use serde::Serialize;

use crate::happening::is_in_base;
use crate::package::Package;
use crate::run::{Run, runs, runs_of};
use crate::site::Site;
use crate::statements::packages;
use crate::versions::Versions;

/// The version of the schema that the records follow.
const SCHEMA: &str = "1.7.0";
/// How nixpkgs is called as an ecosystem, as by its own security tracker. The schema does not list it.
const ECOSYSTEM: &str = "Nixpkgs";
/// No summary has more characters.
const MAX_SUMMARY: usize = 120;
/// Runs of a fix that a record tells: the newest.
const MOST_RUNS: usize = 20;

/// How a record names what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OsvForm {
    /// Packages of the ecosystem `Nixpkgs`, each with the revisions.
    Packages,
    /// Revisions alone: there are scanners that stop at an ecosystem which they do not know.
    Git,
}

/// What all ids begin with.
const PREFIX: &str = "x_PICKET-";

/// The id of the record about a pull request in a channel: `x_PICKET-nixos-26.05-sec-4242`.
pub fn osv_id(channel: &ChannelName, pr: PrNumber) -> String {
    format!("{PREFIX}{channel}-{pr}")
}

/// The pull request whose record in a channel has this id.
pub fn osv_pr(channel: &ChannelName, id: &str) -> Option<PrNumber> {
    let pr = id.strip_prefix(PREFIX)?.strip_prefix(channel.as_str())?;
    let pr = pr.strip_prefix('-')?.parse().ok()?;
    (osv_id(channel, pr) == id).then_some(pr)
}

/// A record.
#[derive(Debug, Serialize)]
pub struct Osv {
    schema_version: &'static str,
    id: String,
    modified: String,
    published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    upstream: Vec<String>,
    summary: String,
    details: String,
    affected: Vec<Affected>,
    references: Vec<Reference>,
    database_specific: Database,
}

#[derive(Debug, Serialize)]
struct Affected {
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<PackageJson>,
    ranges: Vec<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecosystem_specific: Option<Ecosystem>,
}

#[derive(Debug, Serialize)]
struct PackageJson {
    ecosystem: &'static str,
    name: String,
    purl: String,
}

#[derive(Debug, Clone, Serialize)]
struct Range {
    #[serde(rename = "type")]
    kind: &'static str,
    repo: String,
    events: Vec<RangeEvent>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum RangeEvent {
    Introduced(String),
    Fixed(String),
}

#[derive(Debug, Serialize)]
struct Ecosystem {
    /// The version that servers have with the fix.
    fixed_version: String,
}

#[derive(Debug, Serialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Debug, Serialize)]
struct Database {
    channel: String,
    pull_request: PrNumber,
    /// The head that releases carry, or carried last.
    head: String,
    /// The first release with the fix, and the first one without it, if it left again.
    releases: Vec<RunJson>,
}

#[derive(Debug, Serialize)]
struct RunJson {
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// What a record is made of.
pub(crate) struct Fix<'f> {
    facts: &'f Facts,
    candidate: &'f Candidate,
    runs: Vec<&'f Run<'f>>,
}

impl Osv {
    /// Records of a channel that are told together.
    pub const MOST: usize = 2_000;

    /// The records of a channel, of what was released last first; at most [`Osv::MOST`].
    pub fn all(facts: &Facts, site: &Site, form: OsvForm) -> Vec<Self> {
        let runs = runs(&facts.releases);
        let mut newest: Vec<_> = runs.iter().collect();
        let last = |runs: &[Run<'_>]| runs.last().map(|run| run.first.0.seq);
        newest.sort_by_key(|(pr, runs)| Reverse((last(runs), **pr)));
        let records = newest.into_iter().filter_map(|(pr, runs)| {
            let candidate = facts.candidates.get(pr)?;
            Self::of_runs(facts, site, candidate, runs, form)
        });
        records.take(Self::MOST).collect()
    }

    /// The record about a pull request. `None` where no release ever carried the fix itself, or no
    /// repository's address is known, or, in the form that needs one, no package.
    pub fn of(facts: &Facts, site: &Site, pr: PrNumber, form: OsvForm) -> Option<Self> {
        let candidate = facts.candidates.get(&pr)?;
        let runs = runs_of(&facts.releases, pr);
        Self::of_runs(facts, site, candidate, &runs, form)
    }

    fn of_runs(
        facts: &Facts,
        site: &Site,
        candidate: &Candidate,
        runs: &[Run<'_>],
        form: OsvForm,
    ) -> Option<Self> {
        let runs: Vec<_> = runs.iter().filter(|run| run.form.is_as_is()).collect();
        let fix = Fix {
            facts,
            candidate,
            runs: runs[runs.len().saturating_sub(MOST_RUNS)..].to_vec(),
        };
        let (last, first) = (fix.runs.last()?, fix.runs.first()?);
        let affected = fix.affected(form)?;
        let channel = &facts.policy.channel;
        Some(Self {
            schema_version: SCHEMA,
            id: osv_id(channel, candidate.pr),
            modified: fix.modified().to_string(),
            published: first.first.1.to_string(),
            withdrawn: fix.withdrawn().map(|at| at.to_string()),
            upstream: candidate
                .advisories()
                .iter()
                .map(ToString::to_string)
                .collect(),
            summary: text::line(&candidate.title, MAX_SUMMARY),
            details: fix.details(),
            affected,
            references: fix.references(site),
            database_specific: Database {
                channel: channel.to_string(),
                pull_request: candidate.pr,
                head: last.head.to_string(),
                releases: fix.runs.iter().map(|run| RunJson::new(run)).collect(),
            },
        })
    }
}

impl RunJson {
    fn new(run: &Run<'_>) -> Self {
        Self {
            from: run.first.0.name.to_string(),
            until: run.left.map(|(release, _)| release.name.to_string()),
        }
    }
}

impl Fix<'_> {
    fn affected(&self, form: OsvForm) -> Option<Vec<Affected>> {
        let range = self.range()?;
        let of = |package: Option<&Package>| Affected {
            package: package.map(PackageJson::new),
            ranges: vec![range.clone()],
            ecosystem_specific: package.and_then(|it| self.fixed_version(it)),
        };
        let affected: Vec<_> = match form {
            OsvForm::Git => vec![of(None)],
            OsvForm::Packages => {
                let packages = packages(self.facts, self.candidate);
                packages.iter().map(|it| of(Some(it))).collect()
            }
        };
        (!affected.is_empty()).then_some(affected)
    }

    /// The revisions that lack the fix: all until the first release with it, and those from a release
    /// that went without it to the next one with it. Where upstream merged it, that commit has it too.
    ///
    /// A fix that left the releases since the stable channel has it is still in them.
    fn range(&self) -> Option<Range> {
        let mut events = vec![RangeEvent::Introduced("0".to_owned())];
        for (at, run) in self.runs.iter().enumerate() {
            events.push(RangeEvent::Fixed(run.first.0.rev.to_string()));
            let next = self.runs.get(at + 1);
            let gap = run.left.filter(|(left, _)| {
                let is_followed = next.is_some_and(|next| next.first.0.seq == left.seq);
                !is_followed && !self.is_in_base(left)
            });
            events.extend(gap.map(|(left, _)| RangeEvent::Introduced(left.rev.to_string())));
        }
        if let UpstreamState::Merged {
            commit: Some(commit),
            ..
        } = &self.candidate.upstream
        {
            events.push(RangeEvent::Fixed(commit.to_string()));
        }
        Some(Range {
            kind: "GIT",
            repo: repository(self.facts, self.candidate)?,
            events,
        })
    }

    fn is_in_base(&self, release: &Release) -> bool {
        is_in_base(self.facts.log.of(self.candidate.pr), release)
    }

    fn fixed_version(&self, package: &Package) -> Option<Ecosystem> {
        let current = self.facts.current_release();
        let carries = |it: &&Release| it.has(self.candidate.pr);
        let versions = Versions::of(self.facts, current.filter(carries)?);
        let version = versions.here(package, std::iter::once(self.candidate))?;
        let fixed_version = text::line(version, MAX_SUMMARY);
        Some(Ecosystem { fixed_version })
    }

    /// The newest of all that is told.
    fn modified(&self) -> Timestamp {
        let merged_at = match self.candidate.upstream {
            UpstreamState::Merged { at, .. } => Some(at),
            UpstreamState::Open | UpstreamState::Closed => None,
        };
        let of_runs = self.runs.iter().flat_map(|run| {
            let left = run.left.map(|(_, at)| at);
            [Some(run.first.1), left]
        });
        let log = self.facts.log.of(self.candidate.pr).last();
        let all = of_runs
            .chain([merged_at, self.withdrawn(), log.map(|entry| entry.at)])
            .flatten();
        all.fold(self.candidate.updated_at, Timestamp::max)
    }

    /// When the team found that the channel does not have what this fixes after all.
    fn withdrawn(&self) -> Option<Timestamp> {
        let dismissal = self.facts.log.dismissal(self.candidate.pr)?;
        let is_out = self.runs.last().is_some_and(|run| run.left.is_none());
        let holds = dismissal.holds_for(self.candidate, dismissal.at);
        let is_said = matches!(dismissal.kind, DismissalKind::NotAffected);
        (holds && is_said && !is_out).then_some(dismissal.at)
    }

    fn details(&self) -> String {
        let channel = &self.facts.policy.channel;
        let run = self.runs.last().map(|run| {
            let from = &run.first.0.name;
            match run.left {
                None => format!("The channel {channel} has the fix from release {from} on."),
                Some((left, _)) if self.is_in_base(left) => format!(
                    "The channel {channel} has the fix from release {from} on; by now from the \
                     stable channel that it stands on."
                ),
                Some((left, _)) => format!(
                    "The channel {channel} had the fix from release {from} on, and does not have \
                     it from release {} on.",
                    left.name
                ),
            }
        });
        run.unwrap_or_default()
    }

    fn references(&self, site: &Site) -> Vec<Reference> {
        let channel = &self.facts.policy.channel;
        let reference = |kind, url| Reference { kind, url };
        let fix = web_address(self.candidate).map(|url| reference("FIX", url.to_owned()));
        let page = site.candidate(channel, self.candidate.pr);
        let releases = self.runs.iter().map(|run| &run.first.0.name);
        let releases = releases.map(|name| reference("WEB", site.release(channel, name)));
        let advisories = self.candidate.advisories();
        let advisories = advisories.iter().map(|it| reference("ADVISORY", it.url()));
        let own = [reference("WEB", page)];
        fix.into_iter()
            .chain(own)
            .chain(releases)
            .chain(advisories)
            .collect()
    }
}

impl PackageJson {
    fn new(package: &Package) -> Self {
        Self {
            ecosystem: ECOSYSTEM,
            name: package.to_string(),
            purl: package.purl(),
        }
    }
}

/// A pull request's own page, where what GitHub said is a web address.
fn web_address(candidate: &Candidate) -> Option<&str> {
    let url = candidate.url.as_str();
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    (is_plain && is_web).then_some(url)
}

/// The repository that a pull request is one of. Patches of the team's own are for the one that the
/// others are of.
fn repository(facts: &Facts, candidate: &Candidate) -> Option<String> {
    let of = |candidate: &Candidate| {
        let url = web_address(candidate)?;
        let (repository, _) = url.rsplit_once("/pull/")?;
        Some(repository.to_owned())
    };
    of(candidate).or_else(|| facts.candidates.values().find_map(|it| of(it)))
}
