//! The part of a candidate's page that says what a push changed of what was approved: patch against
//! patch, first on the page.
//!
//! Who approved an earlier head sees what changed since their own approval, anybody else what
//! changed since the newest.

use picket_domain::{Action, Actor, Candidate, CommitSha, Entry, Login, PatchId, Standing};

use super::pairs::{Change, CommitChange, own_patches, paired, picked, recorded, shown, title};
use crate::error::PageError;
use crate::look::Look;
use crate::session::Viewer;
use crate::state::AppState;
use crate::time::When;

/// What changed since a head was approved.
pub(super) struct SinceView {
    /// Who approved it.
    pub(super) by: String,
    /// Whether that is who looks.
    pub(super) is_own: bool,
    pub(super) when: When,
    /// The first characters of what they approved, and of what it is now.
    pub(super) old: String,
    pub(super) new: String,
    pub(super) commits: Vec<CommitChange>,
    /// How many commits change the same as then.
    pub(super) unchanged: usize,
    /// Whether it is not kept what the approval was given to, so that all is shown as new.
    pub(super) is_unknown: bool,
}

/// An approval of an earlier head.
struct Earlier<'a> {
    by: &'a Login,
    entry: &'a Entry,
    head: &'a CommitSha,
    patches: &'a [PatchId],
}

impl SinceView {
    /// `None` where nobody approved an earlier head, or where enough people know this one.
    pub(super) async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
        viewer: &Viewer,
    ) -> Result<Option<Self>, PageError> {
        let Some(earlier) = earlier(look, candidate, viewer) else {
            return Ok(None);
        };
        let old = earlier.patches.iter();
        let old = old.map(|id| ("A commit".to_owned(), id)).collect();
        let old = recorded(app, old).await?;
        let (pairs, unchanged) = paired(old, now(app, look, candidate).await?);
        Ok(Some(Self {
            by: earlier.by.to_string(),
            is_own: viewer.member() == Some(earlier.by),
            when: When::new(earlier.entry.at, look.now),
            old: earlier.head.short().to_owned(),
            new: candidate.head.short().to_owned(),
            commits: shown(&pairs),
            unchanged,
            is_unknown: earlier.patches.is_empty(),
        }))
    }
}

/// The approval to measure against: the viewer's last word, or the newest of any person.
fn earlier<'a>(look: &'a Look<'_>, candidate: &Candidate, viewer: &Viewer) -> Option<Earlier<'a>> {
    let Standing::Pending { approvals, .. } = look.facts.standing(candidate, &candidate.head)
    else {
        return None;
    };
    let member = viewer.member();
    if approvals
        .iter()
        .any(|approval| Some(&approval.by) == member)
    {
        return None;
    }
    let log = look.facts.log.of(candidate.pr).iter().rev();
    let mut earlier = log.filter_map(|entry| match (&entry.actor, &entry.action) {
        (
            Actor::Person(by),
            Action::Approve {
                channel,
                head,
                patches,
                ..
            },
        ) if channel == look.channel.name() && *head != candidate.head => Some(Earlier {
            by,
            entry,
            head,
            patches,
        }),
        _ => None,
    });
    let own = earlier.clone().find(|it| Some(it.by) == member);
    own.or_else(|| earlier.next())
}

/// What each commit changes now: as it is picked, or where it is not, in the pull request itself.
async fn now(
    app: &AppState,
    look: &Look<'_>,
    candidate: &Candidate,
) -> Result<Vec<Change>, PageError> {
    let commits = look.seen(candidate).commits;
    if !commits.is_empty() {
        return picked(app, candidate, commits).await;
    }
    let own = candidate.commits().iter().map(|it| it.sha.clone());
    let mut texts = own_patches(&app.mirror, own.clone().collect()).await?;
    let changes = own.map(|sha| Change {
        title: title(candidate, &sha),
        id: None,
        text: texts.remove(&sha),
    });
    Ok(changes.collect())
}
