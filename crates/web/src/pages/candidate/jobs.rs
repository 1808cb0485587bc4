//! The part of a candidate's page that says which of the channel's jobs its pick may change.
//!
//! Jobs that were evaluated by one worker share what it had read, so that some are named which read
//! nothing of it themselves. No other job can change.

use std::path::Path;

use picket_builder::{PathChange, TouchedJobs};
use picket_domain::{Candidate, ChangeKind, FileChange, Form};

use crate::look::Look;
use crate::state::App;
use crate::view::Badge;

/// What there is to say about which jobs a pick may change.
pub(super) enum JobsView {
    /// These.
    Touched(TouchedView),
    /// That nobody knows yet, or ever, and why.
    Unknown(&'static str),
}

/// Which jobs a pick may change.
pub(super) struct TouchedView {
    pub(super) badge: Badge,
    pub(super) required: Vec<String>,
    pub(super) others: Vec<String>,
    /// How many of each are not shown.
    pub(super) more_required: usize,
    pub(super) more_others: usize,
}

/// How many jobs of each kind are shown.
const SHOWN: usize = 100;

impl JobsView {
    /// What is known; `None`: what a pick changes is not read off its pull request.
    pub(super) async fn of(app: &App, look: &Look<'_>, candidate: &Candidate) -> Option<Self> {
        let details = candidate.details.as_ref()?;
        let is_whole = details.all_files == details.files.len();
        if !is_whole || *look.form(candidate) != Form::AsIs {
            return None;
        }
        let (app, files) = (App::clone(app), details.files.clone());
        let (base, channel) = (look.facts.base()?.rev.clone(), look.channel.clone());
        let touched = tokio::task::spawn_blocking(move || {
            let required = &channel.policy.required_jobs;
            let changes = files.iter().flat_map(changes);
            let reads = &app.job_reads;
            reads.touched(&base, &channel.jobs, required, changes)
        });
        Some(
            match (touched.await.ok()?, look.facts.machine.tells_reads) {
                (Some(touched), _) => Self::Touched(TouchedView::new(&touched)),
                (None, Some(false)) => Self::Unknown(
                    "This machine does not tell what evaluations read: which jobs a pick changes is \
                 known when it is built.",
                ),
                (None, Some(true) | None) => Self::Unknown(
                    "That is known once the base was evaluated, as it is for the first build on it.",
                ),
            },
        )
    }
}

impl TouchedView {
    fn new(touched: &TouchedJobs) -> Self {
        let count = touched.required.len() + touched.others.len();
        let shown = |jobs: &[picket_domain::JobName]| -> Vec<_> {
            jobs.iter().take(SHOWN).map(ToString::to_string).collect()
        };
        let (required, others) = (shown(&touched.required), shown(&touched.others));
        Self {
            badge: Badge {
                tone: "",
                text: format!("{count} of {}", touched.all),
            },
            more_required: touched.required.len() - required.len(),
            more_others: touched.others.len() - others.len(),
            required,
            others,
        }
    }
}

/// What a file's change does to paths of the tree.
fn changes(file: &FileChange) -> impl Iterator<Item = PathChange<'_>> {
    let path = Path::new(&file.path);
    let (here, from) = match &file.change {
        ChangeKind::Modified => (PathChange::Modified(path), None),
        ChangeKind::Added | ChangeKind::Removed => (PathChange::Named(path), None),
        ChangeKind::Renamed { from } => (
            PathChange::Named(path),
            Some(PathChange::Named(Path::new(from))),
        ),
    };
    std::iter::once(here).chain(from)
}
