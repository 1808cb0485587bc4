//! The part of a candidate's page that says what people made of its conflicts.

use picket_domain::{Action, Entry, ResolvedBy};

use crate::look::Look;
use crate::time::When;

/// What somebody made of a conflict.
pub(super) struct ResolutionView {
    pub(super) who: String,
    pub(super) when: When,
    /// How, as the end of a sentence.
    pub(super) how: String,
    pub(super) commit: String,
    /// The files, each with whether it goes.
    pub(super) files: Vec<(String, bool)>,
}

/// The resolutions that are in force, newest first. `log` is that of the pull request.
pub(super) fn resolutions(look: &Look<'_>, log: &[Entry]) -> Vec<ResolutionView> {
    let mut views = Vec::new();
    for entry in log.iter().rev() {
        match &entry.action {
            Action::DropResolutions { channel, .. } if channel == look.channel.name() => break,
            Action::ResolveConflict {
                channel,
                commit,
                by,
                files,
                ..
            } if channel == look.channel.name() => views.push(ResolutionView {
                who: entry.actor.to_string(),
                when: When::new(entry.at, look.now),
                how: how(by),
                commit: commit.short().to_owned(),
                files: files
                    .iter()
                    .map(|file| (file.path.clone(), file.result.is_none()))
                    .collect(),
            }),
            _ => {}
        }
    }
    views
}

fn how(by: &ResolvedBy) -> String {
    match by {
        ResolvedBy::Proposal => "from Picket's proposal".to_owned(),
        ResolvedBy::Hand => "by hand".to_owned(),
        ResolvedBy::Branch { rev } => format!("by the pushed commit {}", rev.short()),
    }
}
