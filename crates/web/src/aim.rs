//! How soon the team wants a candidate out, and how it stands to that, for pages and scripts.

use picket_domain::{Candidate, PickStatus, Timestamp};
use picket_evidence::{Risk, Target};

use crate::clock::{Clock, Course};
use crate::look::Look;
use crate::state::AppState;
use crate::time::duration;
use crate::view::Badge;

/// A target that there is for a candidate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aim {
    pub(crate) target: Target,
    /// When it is to be out.
    pub(crate) due: Timestamp,
    /// Never [`Clock::None`].
    pub(crate) clock: Clock,
    now: Timestamp,
}

impl Aim {
    /// `None` where there is no target for it, or nothing is left to do.
    pub(crate) fn of(
        look: &Look<'_>,
        candidate: &Candidate,
        status: &PickStatus,
        risk: Risk,
    ) -> Option<Self> {
        let target = look.targets.target(risk)?;
        let course = course(look, candidate, status);
        match Clock::of(&course, Some(target.hours), look.now) {
            Clock::None => None,
            clock => Some(Self {
                target,
                due: course.due(target.hours),
                clock,
                now: look.now,
            }),
        }
    }

    /// How it stands, in full.
    pub(crate) fn badge(&self) -> Option<Badge> {
        match self.clock {
            Clock::None => None,
            Clock::Due { .. } => Some(self.left()),
            Clock::Late { since } => {
                let by = rough(self.now.seconds_since(since));
                Some(Badge::new("bad", format!("Late by {by}")))
            }
            Clock::Met { by } => Some(Badge::new("good", format!("Met, {} before", rough(by)))),
            Clock::Missed { by } => Some(Badge::new("warn", format!("Missed by {}", rough(by)))),
        }
    }

    /// The same for a list, where what is out says nothing.
    pub(crate) fn brief(&self) -> Option<Badge> {
        match self.clock {
            Clock::Late { .. } => Some(Badge::new("bad", "Late")),
            Clock::Due { .. } => Some(self.left()),
            Clock::None | Clock::Met { .. } | Clock::Missed { .. } => None,
        }
    }

    /// By how many seconds it is in time, or was; negative where it is late, or was.
    pub(crate) fn margin(&self) -> i64 {
        match self.clock {
            Clock::None => 0,
            Clock::Due { at } | Clock::Late { since: at } => at.seconds_since(self.now),
            Clock::Met { by } => by,
            Clock::Missed { by } => -by,
        }
    }

    /// How much time is left, with a warning where that is less than a quarter of all.
    fn left(&self) -> Badge {
        let left = self.margin();
        let is_short = left.saturating_mul(4) < i64::from(self.target.hours) * 3_600;
        let tone = if is_short { "warn" } else { "" };
        Badge::new(tone, format!("Due in {}", rough(left)))
    }
}

/// How many candidates are late.
pub(crate) fn late(app: &AppState, look: &Look<'_>) -> usize {
    if look.targets.is_empty() {
        return 0;
    }
    let risks = app.risks.table(&look.facts, &look.known);
    let is_late = |(candidate, status): &(&Candidate, &PickStatus)| {
        let hours = look.targets.hours(risks.of(candidate));
        Clock::of(&course(look, candidate, status), hours, look.now).is_late()
    };
    look.candidates().filter(is_late).count()
}

fn course<'a>(look: &Look<'_>, candidate: &'a Candidate, status: &'a PickStatus) -> Course<'a> {
    Course {
        status,
        upstream: &candidate.upstream,
        opened_at: candidate.opened_at,
        released_at: look.facts.first_released_at(candidate.pr),
    }
}

/// To the minute, from one minute on.
fn rough(seconds: i64) -> String {
    let odd = if seconds < 60 { 0 } else { seconds % 60 };
    duration(seconds - odd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use picket_evidence::Gravity;

    const DUE: Timestamp = Timestamp::from_unix(1_000_000);

    /// With a target of 24 hours.
    fn aim(clock: Clock, hours: i64) -> Aim {
        Aim {
            target: Target {
                gravity: Gravity::Critical,
                hours: 24,
            },
            due: DUE,
            clock,
            now: DUE.plus_seconds(hours * 3_600),
        }
    }

    fn words(badge: Option<Badge>) -> String {
        badge.map_or_else(|| "-".to_owned(), |it| format!("{} ({})", it.text, it.tone))
    }

    #[test]
    fn each_clock_is_told_in_full_and_in_brief() {
        let due = Clock::Due { at: DUE };
        let late = Clock::Late { since: DUE };
        let all = [
            aim(due, -23),
            aim(due, -6),
            aim(due, -5),
            aim(due, 0),
            aim(late, 51),
            aim(Clock::Met { by: 4 * 3_600 + 59 }, 0),
            aim(Clock::Missed { by: 7_500 }, 0),
            aim(Clock::None, 0),
        ];
        let line = |aim: &Aim| {
            let (full, brief) = (words(aim.badge()), words(aim.brief()));
            format!("{full}; {brief}; {}", aim.margin())
        };
        insta::assert_snapshot!(all.iter().map(line).collect::<Vec<_>>().join("\n"), @"
        Due in 23 h (); Due in 23 h (); 82800
        Due in 6 h (); Due in 6 h (); 21600
        Due in 5 h (warn); Due in 5 h (warn); 18000
        Due in 0 s (warn); Due in 0 s (warn); 0
        Late by 2 d 3 h (bad); Late (bad); -183600
        Met, 4 h before (good); -; 14459
        Missed by 2 h 5 min (warn); -; -7500
        -; -; 0
        ");
    }
}
