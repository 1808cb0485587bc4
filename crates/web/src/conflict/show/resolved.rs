//! The part of a candidate's page that says what people made of its conflicts.

use askama::Template;
use picket_domain::{
    Action, Candidate, CommitSha, ConflictPlace, ContainedBy, Entry, PickOutcome, ResolvedBy,
};

use super::branch::BranchView;
use super::page::Page;
use crate::look::Look;
use crate::session::Viewer;
use crate::time::When;

/// The part that says what people made of a pull request's conflicts.
#[derive(Template)]
#[template(path = "conflict/resolved.html")]
pub(crate) struct ResolvedPart {
    page: Page,
    resolutions: Vec<ResolutionView>,
    /// Whether they leave nothing of the pull request to pick.
    is_resolved_away: bool,
    /// How another one takes their place, if it can.
    other: Option<Other>,
}

/// A resolution that is to take the place of one in force.
struct Other {
    branch: BranchView,
    /// The commit that is resolved.
    commit: String,
    /// Names what it takes the place of, for the form.
    digest: String,
}

impl ResolvedPart {
    /// `None` where nothing is resolved. `log` is that of the pull request.
    pub(crate) fn of(
        look: &Look<'_>,
        candidate: &Candidate,
        viewer: &Viewer,
        log: &[Entry],
    ) -> Option<Self> {
        let resolutions = resolutions(look, log);
        let by = ContainedBy::Resolution;
        let newest = resolutions.first()?;
        Some(Self {
            page: Page::of(look, candidate, viewer),
            other: Other::of(look, candidate, &newest.commit),
            resolutions,
            is_resolved_away: look.assessment(candidate) == Some(&PickOutcome::Contained { by }),
        })
    }
}

impl Other {
    fn of(look: &Look<'_>, candidate: &Candidate, commit: &CommitSha) -> Option<Self> {
        let place = ConflictPlace::on(&look.facts.base()?.rev);
        Some(Self {
            branch: BranchView::new(look, candidate, &place, commit)?,
            commit: commit.to_string(),
            digest: look.facts.resolved(candidate.pr).id().to_string(),
        })
    }
}

/// What somebody made of a conflict.
struct ResolutionView {
    who: String,
    when: When,
    /// How, as the end of a sentence.
    how: String,
    commit: CommitSha,
    /// The files, each with whether it goes.
    files: Vec<(String, bool)>,
}

/// The resolutions that are in force, newest first.
fn resolutions(look: &Look<'_>, log: &[Entry]) -> Vec<ResolutionView> {
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
                commit: commit.clone(),
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
