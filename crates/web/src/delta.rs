//! What a release has otherwise than the one before.

use picket_domain::{PrNumber, Release};

/// What a release has otherwise than the one before.
pub(crate) struct Delta {
    /// What it has and the other has not.
    pub(crate) added: Vec<PrNumber>,
    /// What both have, with another head or in another form.
    pub(crate) changed: Vec<PrNumber>,
    /// What the other has and it has not.
    pub(crate) gone: Vec<PrNumber>,
    /// Whether it stands on another base.
    pub(crate) new_base: bool,
}

impl Delta {
    /// Between a release and the one before; of the first, all is new.
    pub(crate) fn of(release: &Release, previous: Option<&Release>) -> Self {
        let without = |one: &Release, other: Option<&Release>| {
            let picks = one.picks.iter().map(|pick| pick.pr);
            picks
                .filter(|pr| !other.is_some_and(|other| other.has(*pr)))
                .collect()
        };
        let picks = release.picks.iter();
        let changed = picks.filter(|pick| {
            previous.is_some_and(|previous| {
                previous.has(pick.pr) && !previous.has_as(pick.pr, &pick.head, &pick.form)
            })
        });
        Self {
            added: without(release, previous),
            changed: changed.map(|pick| pick.pr).collect(),
            gone: previous
                .map(|it| without(it, Some(release)))
                .unwrap_or_default(),
            new_base: previous.is_some_and(|it| it.base.rev != release.base.rev),
        }
    }
}
