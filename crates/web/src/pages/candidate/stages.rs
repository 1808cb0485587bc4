//! The part of a candidate's page that shows its way.

use picket_domain::{Candidate, Timestamp};

use crate::look::Look;
use crate::time::{When, duration};

/// A stage of the way, reached or not.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) when: Option<When>,
}

/// The stages of the candidate's way, and how much earlier this channel had it.
pub(super) fn stages(look: &Look<'_>, candidate: &Candidate) -> (Vec<Stage>, Option<String>) {
    let times = look.stage_times(candidate);
    let stages = [
        ("Opened upstream".to_owned(), Some(times.opened_at)),
        ("Merged upstream".to_owned(), times.merged_at),
        ("Approved by the team".to_owned(), times.approved_at),
        (
            format!("Released in {}", look.channel.name()),
            times.released_at,
        ),
        (
            format!("In {}", look.channel.base_label),
            times.superseded_at,
        ),
    ];
    let lead = times.released_at.zip(times.superseded_at);
    let lead = lead.map(|(released, superseded)| duration(superseded.seconds_since(released)));
    let stage = |(name, at): (String, Option<Timestamp>)| Stage {
        name,
        when: at.map(|at| When::new(at, look.now)),
    };
    (stages.into_iter().map(stage).collect(), lead)
}
