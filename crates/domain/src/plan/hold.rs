//! Why a channel does not move although it should.

use crate::base::Base;
use crate::facts::Facts;
use crate::id::{CommitSha, PrNumber};
use crate::machine::DiskShort;
use crate::release::ReleaseState;
use crate::resolve::{LostFix, MissedFix, Resolution};
use crate::time::Timestamp;

/// How often in a row a release of the same content is given up before a person is asked.
const GIVEN_UP: u32 = 3;
/// The first wait before a release of the same content is tried again that was given up; each
/// further wait doubles.
const AGAIN_SECONDS: i64 = 60;
/// No wait is longer than 2^6 times the first: about an hour.
const LONGEST: u32 = 6;

/// Why a channel does not move although it should. A person has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The stable channel went back in time. Clients must never be offered an older base.
    BaseWentBack {
        /// The base of the current release.
        released: Base,
        /// The older one that the stable channel stands at now.
        now: Base,
    },
    /// On the stable channel's newest base, fixes would be lost that servers have.
    BaseTakesAway {
        /// The base.
        base: Base,
        /// When the channel goes to it all the same; `None` where a person has to decide.
        until: Option<Timestamp>,
        /// The fixes.
        lost: Vec<LostFix>,
        /// What the base fixes, and the channel lacks meanwhile.
        missed: Vec<MissedFix>,
    },
    /// A disk runs short: what runs goes on, and nothing new is built.
    DiskShort(DiskShort),
    /// Release after release of the same content has to be given up.
    CannotRelease {
        /// Since when.
        since: Timestamp,
        /// How many were given up.
        tries: u32,
        /// Why, the last time.
        error: String,
        /// When the next one is tried.
        next_try: Timestamp,
    },
}

impl Hold {
    /// Since when the channel is held.
    pub fn since(&self) -> Timestamp {
        match self {
            Self::BaseWentBack { now, .. } => now.seen_at,
            Self::BaseTakesAway { base, .. } => base.seen_at,
            Self::DiskShort(disk) => disk.since,
            Self::CannotRelease { since, .. } => *since,
        }
    }

    /// What is the matter, as a sentence without its full stop.
    pub fn what(&self) -> String {
        match self {
            Self::BaseWentBack { released, now } => format!(
                "the stable channel went back from {} to {}",
                released.rev.short(),
                now.rev.short()
            ),
            Self::BaseTakesAway {
                base, lost, missed, ..
            } => {
                let base = base.rev.short();
                let lost = listed(lost, |fix| format!("#{} ({})", fix.pr, fix.why));
                let mut text = format!(
                    "on the stable channel's newest revision {base}, servers would lose fixes that \
                     they have: {lost}"
                );
                if !missed.is_empty() {
                    text += ". Meanwhile they lack what that revision fixes: ";
                    text += &listed(missed, missed_fix);
                }
                text
            }
            Self::DiskShort(disk) => format!(
                "the disk of {} runs short: {} MiB are free, and {} are asked for; nothing is built",
                disk.folder,
                disk.free_bytes >> 20,
                disk.wanted_bytes >> 20
            ),
            Self::CannotRelease { tries, error, .. } => {
                format!("{tries} releases of the same content were given up: {error}")
            }
        }
    }

    /// What a person can do.
    pub fn remedy(&self) -> String {
        match self {
            Self::BaseWentBack { .. } => {
                "Nothing is released before it has caught up: ask upstream whether it is meant."
                    .to_owned()
            }
            Self::BaseTakesAway { until, .. } => {
                let then = match until {
                    Some(until) => format!("At {until} the channel goes to it without them."),
                    None => "Until then the channel stays where it is.".to_owned(),
                };
                format!(
                    "Approve them again as they are there, resolve their conflicts, or veto those \
                     that are not needed any more. {then}"
                )
            }
            Self::DiskShort(_) => {
                "Free some space, or keep less (section [retention]). It goes on by itself then."
                    .to_owned()
            }
            Self::CannotRelease { next_try, .. } => format!(
                "Mend what the error names; the next try is at {next_try}, or at a restart."
            ),
        }
    }
}

fn missed_fix(fix: &MissedFix) -> String {
    if fix.advisories.is_empty() {
        return format!("#{}", fix.pr);
    }
    format!(
        "#{} ({})",
        fix.pr,
        listed(&fix.advisories, ToString::to_string)
    )
}

/// At most so many; the rest is counted.
fn listed<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 8;
    let shown = items.iter().take(SHOWN).map(show);
    let text = shown.collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

pub(super) fn holds(facts: &Facts, resolution: &Resolution) -> Vec<Hold> {
    let went_back = went_back(facts);
    let takes_away = resolution.held.as_ref().map(|held| Hold::BaseTakesAway {
        base: held.base.clone(),
        until: held.until,
        lost: held.lost.clone(),
        missed: held.missed.clone(),
    });
    let of_content = cannot_release(facts, resolution);
    let disk = facts.machine.disk.clone().map(Hold::DiskShort);
    went_back
        .into_iter()
        .chain(takes_away)
        .chain(of_content)
        .chain(disk)
        .collect()
}

fn went_back(facts: &Facts) -> Option<Hold> {
    let (base, current) = (facts.base()?, facts.current_release()?);
    (base.rev_count < current.base.rev_count).then(|| Hold::BaseWentBack {
        released: current.base.clone(),
        now: base.clone(),
    })
}

fn cannot_release(facts: &Facts, resolution: &Resolution) -> Option<Hold> {
    let from = resolution.released_from();
    let (base, ready) = (from.base.as_ref()?, from.ready.as_ref()?);
    let given_up = GivenUp::of(facts, &base.rev, &ready.tip)?;
    let next_try = given_up.again_at()?;
    (given_up.tries >= GIVEN_UP).then(|| Hold::CannotRelease {
        since: given_up.since,
        tries: given_up.tries,
        error: given_up.error.clone(),
        next_try,
    })
}

/// The newest releases, where all of them have the same content and were given up.
pub(super) struct GivenUp {
    tries: u32,
    since: Timestamp,
    last: Timestamp,
    error: String,
}

impl GivenUp {
    pub(super) fn of(facts: &Facts, base: &CommitSha, tip: &CommitSha) -> Option<Self> {
        let mut newest: Option<Self> = None;
        for release in facts.releases.iter().rev() {
            let ReleaseState::Abandoned { at, reason } = &release.state else {
                break;
            };
            if (&release.base.rev, &release.tip) != (base, tip) {
                break;
            }
            let given_up = newest.get_or_insert_with(|| Self {
                tries: 0,
                since: *at,
                last: *at,
                error: reason.clone(),
            });
            given_up.tries += 1;
            given_up.since = *at;
        }
        newest
    }

    /// When the next one is due; at once after the first.
    pub(super) fn again_at(&self) -> Option<Timestamp> {
        let doublings = self.tries.checked_sub(2)?.min(LONGEST);
        Some(self.last.plus_seconds(AGAIN_SECONDS << doublings))
    }
}

impl Hold {
    /// The pull requests that it is about.
    pub fn pull_requests(&self) -> Vec<PrNumber> {
        match self {
            Self::BaseTakesAway { lost, .. } => lost.iter().map(|fix| fix.pr).collect(),
            Self::BaseWentBack { .. } | Self::DiskShort(_) | Self::CannotRelease { .. } => {
                Vec::new()
            }
        }
    }
}
