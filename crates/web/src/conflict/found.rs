//! Finding a conflict: where, and over what.

use picket_domain::{Candidate, CommitSha, ResolvedSet, Sha256};
use picket_merger::{ConflictedPick, MergeError};

use super::help::{FileHelp, help};
use crate::error::PageError;
use crate::state::AppState;

/// The first conflict of a pick, with all that there is to say about it.
#[derive(Debug)]
pub(super) struct Found {
    /// The conflict.
    pub(super) pick: ConflictedPick,
    /// What Picket makes of each of its files.
    pub(super) help: Vec<FileHelp>,
}

/// What is picked again onto what, to find its conflict.
#[derive(Debug, Clone)]
pub(super) struct Again {
    pub(super) base: CommitSha,
    pub(super) onto: CommitSha,
    pub(super) candidate: Candidate,
    pub(super) resolved: ResolvedSet,
}

impl Found {
    /// Picks a candidate again and looks at where it conflicts. `None` where it does not conflict
    /// there after all. Files of many megabytes are compared and parsed for it.
    pub(super) async fn by(app: &AppState, again: Again) -> Result<Option<Self>, PageError> {
        let ids = again.resolved.contents().cloned().collect();
        let contents = app.store.contents(&ids).await?;
        let mirror = app.mirror.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let Again {
                base,
                onto,
                candidate,
                resolved,
            } = again;
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

    /// How much memory it takes, in bytes: that of the files' contents.
    pub(super) fn size(&self) -> u64 {
        let files = self.pick.files.iter();
        let contents = files.flat_map(|file| [&file.base, &file.ours, &file.theirs]);
        let proposals = self.help.iter().filter_map(|help| help.proposal.as_ref());
        let texts = contents.chain(proposals.map(|proposal| &proposal.content));
        texts.flatten().map(|text| text.len() as u64).sum()
    }
}
