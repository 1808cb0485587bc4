//! The part of a candidate's page that shows its way.

use picket_domain::{Candidate, PickStatus, Timestamp};

use crate::aim::Aim;
use crate::look::Look;
use crate::risks::risk;
use crate::time::{When, duration};
use crate::view::Badge;

/// A stage of the way, reached or not.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) is_reached: bool,
    /// When, where that is known.
    pub(super) when: Option<When>,
}

/// How soon the team wants it out, and how it stands to that.
pub(super) struct TargetView {
    /// A sentence that ends in the time.
    pub(super) text: String,
    pub(super) due: Timestamp,
    pub(super) clock: Badge,
}

impl TargetView {
    pub(super) fn of(look: &Look<'_>, candidate: &Candidate, status: &PickStatus) -> Option<Self> {
        let aim = Aim::of(look, candidate, status, risk(&look.known, candidate))?;
        let (fixes, hours) = (aim.target.gravity.fixes(), aim.target.hours);
        Some(Self {
            text: format!("The team's target for {fixes}: out within {hours} h, by"),
            due: aim.due,
            clock: aim.badge()?,
        })
    }
}

/// The stages of the candidate's way, and how much earlier this channel had it.
pub(super) fn stages(look: &Look<'_>, candidate: &Candidate) -> (Vec<Stage>, Option<String>) {
    let times = look.stage_times(candidate);
    // What the stable channel had before this one has no time at which it caught up.
    let is_in_base = matches!(look.status(candidate), PickStatus::InBase);
    let beginning = match candidate.pr.is_own() {
        true => vec![("Handed in", Some(times.opened_at))],
        false => vec![
            ("Opened upstream", Some(times.opened_at)),
            ("Merged upstream", times.merged_at),
        ],
    };
    let beginning = beginning
        .into_iter()
        .map(|(name, at)| (name.to_owned(), at));
    let here = [
        ("Approved by the team".to_owned(), times.approved_at),
        (
            format!("Released in {}", look.channel.name()),
            times.released_at,
        ),
    ];
    let last = Stage {
        is_reached: is_in_base || times.superseded_at.is_some(),
        ..stage(
            look,
            (
                format!("In {}", look.channel.base_label),
                times.superseded_at,
            ),
        )
    };
    let lead = times.released_at.zip(times.superseded_at);
    let lead = lead.map(|(released, superseded)| duration(superseded.seconds_since(released)));
    let stages = beginning.chain(here).map(|it| stage(look, it));
    (stages.chain([last]).collect(), lead)
}

fn stage(look: &Look<'_>, (name, at): (String, Option<Timestamp>)) -> Stage {
    Stage {
        name,
        is_reached: at.is_some(),
        when: at.map(|at| When::new(at, look.now)),
    }
}
