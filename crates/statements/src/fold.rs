//! From what happened with pull requests to how things stand with what they fix.

use std::collections::BTreeMap;

use picket_domain::{Actor, Advisory, Form, PrNumber, ReleaseSeq, Timestamp};

use crate::event::{Event, FixedBy, What};
use crate::happening::Happening;

/// How far one pull request is.
#[derive(Debug, Default)]
struct Progress<'f> {
    is_approved: bool,
    not_affected: Option<(&'f str, &'f Actor)>,
    carried: Option<(ReleaseSeq, &'f Form)>,
    left: Option<ReleaseSeq>,
    is_in_base: bool,
}

/// The events of one vulnerability of one package, by what happened with the pull requests that name
/// both, oldest first.
pub(crate) fn events(
    advisory: &Advisory,
    mut happenings: Vec<(Timestamp, PrNumber, Happening<'_>)>,
) -> Vec<Event> {
    happenings.sort_by_key(|(at, pr, happening)| (*at, rank(happening), *pr));
    let mut progress: BTreeMap<PrNumber, Progress<'_>> = BTreeMap::new();
    let mut events: Vec<Event> = Vec::new();
    // What happens at one time, such as one head that takes another one's place, is one event.
    for together in happenings.chunk_by(|one, other| one.0 == other.0) {
        for (_, pr, happening) in together {
            progress.entry(*pr).or_default().go_on(advisory, happening);
        }
        let (at, _, _) = together[0];
        if let Some(what) = standing(&progress)
            && events.last().is_none_or(|event| event.what != what)
        {
            events.push(Event { at, what });
        }
    }
    events
}

/// What comes first of what happens at one time.
fn rank(happening: &Happening<'_>) -> u8 {
    match happening {
        Happening::Opened => 0,
        Happening::Left { .. } => 1,
        _ => 2,
    }
}

impl<'f> Progress<'f> {
    fn go_on(&mut self, advisory: &Advisory, happening: &Happening<'f>) {
        match happening {
            Happening::Opened => {}
            Happening::Approved => {
                self.is_approved = true;
                self.not_affected = None;
            }
            Happening::NotAffected {
                advisories,
                reason,
                by,
            } => {
                self.not_affected = advisories.contains(advisory).then_some((reason, by));
            }
            Happening::Asked => self.not_affected = None,
            Happening::Carried { release, form } => {
                self.carried = Some((*release, form));
                self.left = None;
            }
            Happening::Left { release, in_base } => {
                self.carried = None;
                self.left = Some(*release);
                self.is_in_base = *in_base;
            }
            Happening::InBase => self.is_in_base = true,
            Happening::Returned => self.is_in_base = false,
        }
    }
}

/// How things stand: what is best for servers counts, since one fix is enough.
fn standing(progress: &BTreeMap<PrNumber, Progress<'_>>) -> Option<What> {
    let all = || progress.iter().map(|(pr, it)| (*pr, it));
    let fixed = || {
        all().find_map(|(pr, it)| match it.carried {
            Some((release, form)) if form.is_as_is() => {
                let by = FixedBy::Release(release);
                Some(What::Fixed { pr, by })
            }
            Some(_) | None => None,
        })
    };
    let in_base = || {
        let by = FixedBy::Base;
        let mut found = all().filter(|(_, it)| it.is_in_base);
        found.next().map(|(pr, _)| What::Fixed { pr, by })
    };
    let mitigated = || {
        all().find_map(|(pr, it)| {
            let (release, form) = it.carried?;
            let form = form.clone();
            Some(What::Mitigated { pr, release, form })
        })
    };
    let not_affected = || {
        all().find_map(|(pr, it)| {
            let (reason, by) = it.not_affected?;
            let (reason, by) = (reason.to_owned(), by.clone());
            Some(What::NotAffected { pr, reason, by })
        })
    };
    let withdrawn = || {
        all().find_map(|(pr, it)| {
            let release = it.left?;
            Some(What::Withdrawn { pr, release })
        })
    };
    let affected = || {
        let mut found = all().filter(|(_, it)| it.is_approved);
        found.next().map(|(pr, _)| What::Affected { pr })
    };
    let detected = || all().next().map(|(pr, _)| What::Detected { pr });
    fixed()
        .or_else(in_base)
        .or_else(mitigated)
        .or_else(not_affected)
        .or_else(withdrawn)
        .or_else(affected)
        .or_else(detected)
}
