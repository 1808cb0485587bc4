//! The part of a candidate's page that says what its pick changes of the package set.

use std::time::Duration;

use picket_domain::{
    BuildingTime, Candidate, Certainty, FailingPackage, Impact, ImpactOutcome, ImpactSummary,
    ImpactedPackage, Listed,
};

use crate::error::PageError;
use crate::look::Look;
use crate::state::AppState;
use crate::time::duration;
use crate::view::{Badge, impact_badge};

/// What a pick changes, as far as it was found out.
pub(super) struct ImpactView {
    pub(super) badge: Badge,
    pub(super) how: String,
    /// How long the builds took the last time, in words; empty where nothing is built, or where
    /// nobody looked.
    pub(super) building: String,
    /// Why nothing is known, in Nix's words.
    pub(super) error: Option<String>,
    pub(super) lists: Vec<ListView>,
    /// What the estimate does not know.
    pub(super) unknown: Vec<String>,
    /// Whether there are more derivations than the channel builds.
    pub(super) is_mass_rebuild: bool,
}

/// Packages that something happens to.
pub(super) struct ListView {
    pub(super) heading: &'static str,
    pub(super) count: u32,
    pub(super) rows: Vec<RowView>,
    /// How many there are that are not among the rows.
    pub(super) more: u32,
    pub(super) look: ListLook,
}

/// How a list is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ListLook {
    /// A table, at once: something to know about.
    Open,
    /// A table, on request.
    Closed,
    /// Names alone, on request: there is nothing to say of each.
    Names,
}

pub(super) struct RowView {
    pub(super) attribute: String,
    pub(super) versions: String,
    pub(super) note: String,
}

/// Packages of one list that are shown: the rest is counted.
const ROWS: usize = 100;

impl ImpactView {
    /// What is known; `None` where nobody has found out yet.
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
    ) -> Result<Option<Self>, PageError> {
        let (Some(summary), Some(base)) = (look.facts.impact(candidate), look.facts.base()) else {
            return Ok(None);
        };
        let input = look.facts.input(candidate);
        let name = look.channel.name();
        let outcome = app.store.impact(name, &base.rev, &input).await?;
        Ok(outcome.map(|outcome| Self::new(outcome, summary, look.channel.rebuild_limit)))
    }

    fn new(outcome: ImpactOutcome, summary: &ImpactSummary, rebuild_limit: u32) -> Self {
        let badge = impact_badge(summary, rebuild_limit);
        match outcome {
            ImpactOutcome::Unknown { reason } => Self {
                badge,
                how: String::new(),
                building: String::new(),
                error: Some(reason),
                lists: Vec::new(),
                unknown: Vec::new(),
                is_mass_rebuild: false,
            },
            ImpactOutcome::Known(impact) => Self {
                badge,
                how: how(&impact),
                building: building(&impact),
                error: None,
                is_mass_rebuild: impact.derivations > u64::from(rebuild_limit),
                lists: lists(&impact),
                unknown: impact.unknown,
            },
        }
    }
}

fn how(impact: &Impact) -> String {
    let took = Duration::from_millis(impact.millis).as_secs_f64();
    match impact.certainty {
        Certainty::Estimate => format!("estimated in {took:.1} s"),
        Certainty::Exact => format!("exact: everything was evaluated with it, in {took:.1} s"),
    }
}

fn building(impact: &Impact) -> String {
    let Some(BuildingTime { seconds, unseen }) = impact.building else {
        return String::new();
    };
    let seen = impact.derivations.saturating_sub(unseen);
    if seen == 0 {
        return String::new();
    }
    let took = duration(seconds.try_into().unwrap_or(i64::MAX));
    let (them, were) = match seen {
        1 => ("One of the builds", "took"),
        _ => ("The builds", "together took"),
    };
    let rest = match unseen {
        0 => String::new(),
        1 => "; one more was never built here".to_owned(),
        _ => format!("; {unseen} more were never built here"),
    };
    format!("{them} {were} {took} the last time{rest}.")
}

fn lists(impact: &Impact) -> Vec<ListView> {
    let (updated, rebuilt) = updated_and_rebuilt(&impact.changed);
    let all = [
        failing("Do not evaluate any more", &impact.newly_failing),
        packages("Go", &impact.removed, ListLook::Open),
        packages("Get another version", &updated, ListLook::Open),
        packages("Come", &impact.added, ListLook::Open),
        packages("Evaluate again", &impact.newly_working, ListLook::Closed),
        packages(
            "Are built anew at the same version",
            &rebuilt,
            ListLook::Names,
        ),
    ];
    all.into_iter().filter(|list| list.count > 0).collect()
}

/// Those that get another version come first in the list: what is cut off its end is built anew.
fn updated_and_rebuilt(
    changed: &Listed<ImpactedPackage>,
) -> (Listed<ImpactedPackage>, Listed<ImpactedPackage>) {
    let (updated, rebuilt): (Vec<_>, Vec<_>) = changed
        .first
        .iter()
        .cloned()
        .partition(|it| it.old != it.new);
    let updated = Listed::of(updated.into_iter());
    let rebuilt = Listed {
        count: changed.count.saturating_sub(updated.count),
        first: rebuilt,
    };
    (updated, rebuilt)
}

fn packages(heading: &'static str, list: &Listed<ImpactedPackage>, look: ListLook) -> ListView {
    let row = |it: &ImpactedPackage| RowView {
        attribute: it.attribute.clone(),
        versions: versions(it.old.as_deref(), it.new.as_deref()),
        note: String::new(),
    };
    view(heading, list, row, look)
}

fn failing(heading: &'static str, list: &Listed<FailingPackage>) -> ListView {
    let row = |it: &FailingPackage| RowView {
        attribute: it.attribute.clone(),
        versions: versions(it.old.as_deref(), None),
        note: it.message.clone(),
    };
    view(heading, list, row, ListLook::Open)
}

fn view<T>(
    heading: &'static str,
    list: &Listed<T>,
    row: impl Fn(&T) -> RowView,
    look: ListLook,
) -> ListView {
    let rows: Vec<_> = list.first.iter().take(ROWS).map(row).collect();
    ListView {
        heading,
        count: list.count,
        more: list.count.saturating_sub(rows.len() as u32),
        rows,
        look,
    }
}

fn versions(old: Option<&str>, new: Option<&str>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if old != new => format!("{old} → {new}"),
        (Some(version), _) | (None, Some(version)) => version.to_owned(),
        (None, None) => String::new(),
    }
}
