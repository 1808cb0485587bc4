//! Worlds by chance, and what happens in them.

use proptest::prelude::*;

use super::super::team::places;
use super::{Event, Nature, PEOPLE, PRS};

pub(in super::super) fn natures() -> impl Strategy<Value = Vec<Nature>> {
    let nature = prop_oneof![
        3 => Just(Nature::Clean),
        1 => Just(Nature::Conflicts),
        1 => Just(Nature::Breaks),
        1 => Just(Nature::ConflictsOncePushed),
        1 => Just(Nature::BreaksOncePushed),
        1 => (1..=PRS).prop_map(Nature::BreaksWith),
        1 => (0..3u64).prop_map(Nature::InBaseFrom),
        1 => Just(Nature::ChangesWithBase),
        1 => (1_000..20_000i64).prop_map(Nature::IsKilledUntil),
        1 => Just(Nature::HasNoMachine),
        1 => Just(Nature::IsRejected),
        1 => Just(Nature::IsBrokenAtBase),
        1 => Just(Nature::IsFlaky),
    ];
    prop::collection::vec(nature, PRS as usize)
}

pub(in super::super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let who = 0..PEOPLE.len();
    let event = prop_oneof![
        6 => (who.clone(), 1..=PRS).prop_map(|(by, pr)| Event::Approve(by, pr)),
        1 => (who.clone(), 1..=PRS).prop_map(|(by, pr)| Event::Veto(by, pr)),
        1 => (who.clone(), 1..=PRS).prop_map(|(by, pr)| Event::Withdraw(by, pr)),
        2 => (who, places()).prop_map(|(who, place)| Event::Team(who, place)),
        2 => (1..=PRS).prop_map(Event::Push),
        1 => Just(Event::AdvanceBase),
        4 => Just(Event::FinishStaging),
        12 => (any::<usize>(), any::<bool>(), any::<bool>())
            .prop_map(|(which, fails, twice)| Event::Act { which, fails, twice }),
    ];
    prop::collection::vec(event, 0..60)
}
