//! The part of a candidate's page that says what is known elsewhere of what it fixes.

use picket_domain::{Advisory, Candidate, Timestamp};
use picket_evidence::{
    Advised, AdvisoryFacts, Affected, Exploited, Known, Record, Severity, SourceKind, Standing,
};

use super::sweep::SweepView;
use crate::look::Look;
use crate::risks::risk;
use crate::state::AppState;
use crate::view::{AdvisoryLink, Badge, advisories, rating_badge};

/// Advisories that are shown, each with all that is known: the rest is counted.
const SHOWN: usize = 20;
/// Packages of an advisory that are shown.
const PACKAGES: usize = 6;
/// Addresses of an advisory that are shown.
const ADDRESSES: usize = 3;
/// Other advisories of a package that are shown.
const UNNAMED: usize = 5;

/// What is known of what a candidate fixes.
pub(super) struct AdvisoriesView {
    pub(super) advisories: Vec<AdvisoryView>,
    /// How many there are that are not shown.
    pub(super) more: usize,
    /// Whether any source was asked, so that what is unknown is unknown to it.
    pub(super) is_asked: bool,
    /// The advisories that name its version as the fix, and that it does not name.
    pub(super) advised: Vec<AdvisedView>,
    /// The advisories of its packages that it does not name.
    pub(super) unnamed: Vec<UnnamedView>,
    pub(super) more_unnamed: usize,
    /// What becomes of all packages that they affect, where it is about one of several.
    pub(super) sweep: Option<SweepView>,
    /// Why it stands where it stands in the queue.
    pub(super) reason: String,
    /// What Picket has no source for, or has not read yet.
    pub(super) notes: Vec<String>,
}

/// One advisory, with what is known of it.
pub(super) struct AdvisoryView {
    pub(super) link: AdvisoryLink,
    pub(super) severity: Option<Badge>,
    /// What the severity was worked out from.
    pub(super) vector: String,
    pub(super) summary: String,
    pub(super) exploited: Option<String>,
    pub(super) likelihood: Option<String>,
    pub(super) affected: Vec<String>,
    pub(super) more_affected: usize,
    pub(super) also: Vec<AdvisoryLink>,
    pub(super) related: Vec<AdvisoryLink>,
    pub(super) references: Vec<String>,
    pub(super) is_unknown: bool,
}

/// An advisory that a version bump mends.
pub(super) struct AdvisedView {
    /// What it says, and why it is about this package.
    pub(super) reason: String,
    pub(super) severity: Option<Badge>,
    pub(super) summary: String,
    pub(super) url: Option<String>,
}

/// An advisory of an attribute.
pub(super) struct UnnamedView {
    pub(super) attribute: String,
    /// Its identifier, and its page where Picket knows one.
    pub(super) id: String,
    pub(super) url: Option<String>,
    pub(super) summary: String,
    /// What it goes back to.
    pub(super) ids: String,
}

impl AdvisoriesView {
    pub(super) fn of(app: &AppState, look: &Look<'_>, candidate: &Candidate) -> Self {
        let facts = look.advisories(candidate);
        let unnamed = look.unnamed(candidate, &facts);
        let views = facts.iter().take(SHOWN);
        let standings = app.evidence.standings();
        Self {
            is_asked: standings.iter().any(|it| it.was_looked_at),
            advisories: views
                .map(|it| AdvisoryView::new(it, &look.known, look.now))
                .collect(),
            more: facts.len().saturating_sub(SHOWN),
            more_unnamed: unnamed.len().saturating_sub(UNNAMED),
            advised: look
                .advised(candidate)
                .into_iter()
                .map(AdvisedView::new)
                .collect(),
            unnamed: unnamed
                .into_iter()
                .take(UNNAMED)
                .map(UnnamedView::new)
                .collect(),
            sweep: SweepView::of(look, candidate, &facts),
            reason: risk(&look.known, candidate).reason(),
            notes: notes(&standings),
        }
    }
}

impl AdvisoryView {
    fn new(facts: &AdvisoryFacts<'_>, known: &Known, now: Timestamp) -> Self {
        let severity = facts.severity();
        let affected = facts.affected();
        let references = facts.references().into_iter().take(ADDRESSES);
        let related: Vec<_> = facts.related().into_iter().cloned().collect();
        Self {
            link: AdvisoryLink::new(&facts.advisory),
            severity: severity.map(severity_badge),
            vector: severity
                .and_then(|it| it.vector())
                .unwrap_or_default()
                .to_owned(),
            summary: facts.summary().unwrap_or_default().to_owned(),
            exploited: facts.exploited.map(|it| exploited(it, now)),
            likelihood: likelihood(facts, known),
            more_affected: affected.len().saturating_sub(PACKAGES),
            affected: affected.into_iter().take(PACKAGES).map(package).collect(),
            also: advisories(&facts.also),
            related: advisories(&related),
            references: references.map(str::to_owned).collect(),
            is_unknown: facts.is_unknown(),
        }
    }
}

fn severity_badge(severity: &Severity) -> Badge {
    Badge {
        text: capital(&severity.to_string()),
        ..rating_badge(severity.rating())
    }
}

impl AdvisedView {
    fn new(advised: Advised<'_>) -> Self {
        Self {
            reason: advised.to_string(),
            severity: advised.record.severity().map(severity_badge),
            summary: advised.record.summary().to_owned(),
            url: advised.record.own().map(Advisory::url),
        }
    }
}

impl UnnamedView {
    fn new((attribute, record): (&str, &Record)) -> Self {
        let others = record.ids().filter(|it| Some(*it) != record.own());
        let others: Vec<_> = others.map(ToString::to_string).collect();
        Self {
            attribute: attribute.to_owned(),
            id: record.id().to_owned(),
            url: record.own().map(Advisory::url),
            summary: record.summary().to_owned(),
            ids: others.join(", "),
        }
    }
}

/// That something is exploited, since when, and until when CISA wants it mended.
pub(super) fn exploited(known: &Exploited, now: Timestamp) -> String {
    let by = if known.ransomware {
        ", by ransomware too"
    } else {
        ""
    };
    let is_overdue = known.is_overdue(now);
    let Exploited {
        advisory,
        since,
        due,
        ..
    } = known;
    let begin = format!("{advisory} is known to be exploited since {since}{by}");
    if is_overdue {
        format!("{begin}; CISA wanted it mended by {due}: that is overdue.")
    } else {
        format!("{begin}; CISA wants it mended by {due}.")
    }
}

fn likelihood(facts: &AdvisoryFacts<'_>, known: &Known) -> Option<String> {
    let likelihood = facts.likelihood?;
    let date = known.scores_date();
    let of = date.map_or_else(String::new, |date| format!(", as of {date}"));
    let percentile = f64::from(likelihood.percentile) / 1_000.0;
    Some(format!(
        "{likelihood} within 30 days{of}; {percentile:.1} % of all are no likelier"
    ))
}

/// `npm x, mended in 1.2.3`
fn package(affected: &Affected) -> String {
    let Affected {
        ecosystem,
        name,
        fixed,
    } = affected;
    match fixed.join(", ") {
        none if none.is_empty() => format!("{ecosystem} {name}"),
        fixed => format!("{ecosystem} {name}, mended in {fixed}"),
    }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// What is not known for want of a source, in words.
fn notes(standings: &[Standing]) -> Vec<String> {
    let lacks = |kind| standings.iter().all(|it| it.kind != kind);
    let all = [
        (SourceKind::Osv, "advisories (evidence.osv)"),
        (SourceKind::Kev, "CISA's catalogue (evidence.kev_file)"),
        (SourceKind::Epss, "EPSS scores (evidence.epss_file)"),
    ];
    let missing: Vec<_> = all.iter().filter(|(kind, _)| lacks(*kind)).collect();
    let missing: Vec<_> = missing.into_iter().map(|(_, what)| *what).collect();
    let missing = (!missing.is_empty()).then(|| {
        let missing = missing.join(", ");
        format!("No source is configured for: {missing}.")
    });
    let is_reading = standings.iter().any(|it| !it.was_looked_at);
    let reading = is_reading.then(|| "Some sources are still being read.".to_owned());
    missing.into_iter().chain(reading).collect()
}
