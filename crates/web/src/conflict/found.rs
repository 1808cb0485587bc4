//! Finding a conflict: where, and over what.

use picket_domain::{Candidate, ConflictPlace, Sha256};
use picket_merger::{ConflictedPick, MergeError};

use super::help::{FileHelp, help};
use crate::error::PageError;
use crate::look::Look;
use crate::state::AppState;

/// The first conflict of a pick, with all that there is to say about it.
pub(super) struct Found {
    /// The conflict.
    pub(super) pick: ConflictedPick,
    /// What Picket makes of each of its files.
    pub(super) help: Vec<FileHelp>,
}

impl Found {
    /// Picks a candidate again and looks at where it conflicts. `None` where it does not conflict
    /// there after all.
    pub(super) async fn at(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
        place: &ConflictPlace<'_>,
    ) -> Result<Option<Self>, PageError> {
        let resolved = look.facts.resolved(candidate.pr).clone();
        let ids = resolved.contents().cloned().collect();
        let contents = app.store.contents(&ids).await?;
        let (mirror, candidate) = (app.mirror.clone(), candidate.clone());
        let (base, onto) = (place.base.clone(), place.onto.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let pick = mirror.conflicts(&base, &onto, &candidate, &resolved, &contents)?;
            Ok(pick.map(|pick| Self {
                help: help(&pick.files),
                pick,
            }))
        });
        let found: Result<_, MergeError> = looking.await?;
        Ok(found?)
    }

    /// Names the conflict, and what was proposed for it.
    pub(super) fn digest(&self) -> String {
        let mut text = self.pick.commit.to_string();
        for (file, help) in self.pick.files.iter().zip(&self.help) {
            let conflict = serde_json::to_string(&file.conflict);
            text += &conflict.expect("a conflict has no map");
            let proposed = help.proposal.as_ref().map(|proposal| &proposal.content);
            text += &match proposed {
                None => "-".to_owned(),
                Some(None) => "gone".to_owned(),
                Some(Some(content)) => Sha256::of(content).to_string(),
            };
        }
        Sha256::of(text.as_bytes()).to_string()
    }
}
