//! The parts of a candidate's page that are about conflicts: each a template of its own, which that
//! page puts in its place.

mod branch;
mod file;
mod history;
mod hunk;
mod page;
mod resolved;

use askama::Template;
use picket_domain::{Candidate, ConflictKind, ConflictPlace, PickInput, PickOutcome, PrNumber};

use self::branch::BranchView;
use self::file::{FileView, Names};
use self::history::HistoryView;
use self::page::Page;
pub(crate) use self::resolved::ResolvedPart;
use super::found::Found;
use super::sight::{self, Sight};
use crate::error::PageError;
use crate::look::Look;
use crate::odd::filters;
use crate::session::Viewer;
use crate::state::{App, AppState};
use crate::view::{files, listed};

/// Conflicting places on one page; who has more to decide than that takes git.
const PLACES: usize = 20;

/// Conflicting files on one page.
const FILES: usize = 20;

/// The part that shows a conflict.
pub(crate) enum ConflictPart {
    Seen(Box<SeenPart>),
    Unseen(UnseenPart),
}

/// A conflict, and the forms by which it is resolved.
#[derive(Template)]
#[template(path = "conflict/conflict.html")]
pub(crate) struct SeenPart {
    page: Page,
    conflict: ConflictView,
    /// Whether the form for choosing place by place is there.
    choosing: bool,
}

/// A conflict while it is looked at, or where it could not be.
#[derive(Template)]
#[template(path = "conflict/unseen.html")]
pub(crate) struct UnseenPart {
    is_looking: bool,
}

impl ConflictPart {
    /// The conflict that keeps a candidate from where it counts; `None` where there is none.
    pub(crate) async fn of(
        app: &App,
        look: &Look<'_>,
        candidate: &Candidate,
        viewer: &Viewer,
    ) -> Result<Option<Self>, PageError> {
        let Some(place) = look.conflict(candidate) else {
            return Ok(None);
        };
        let found = match sight::soon(app, look, candidate, &place).await {
            Some(Sight::Conflict(found)) => found,
            Some(Sight::Nothing) => return Ok(None),
            Some(Sight::Failed) => return Ok(Some(Self::unseen(false))),
            None => return Ok(Some(Self::unseen(true))),
        };
        let page = Page::of(look, candidate, viewer);
        let conflict = ConflictView::of(app, look, candidate, (&place, &found)).await?;
        Ok(Some(Self::Seen(Box::new(SeenPart {
            choosing: page.can_resolve && conflict.can_choose,
            page,
            conflict,
        }))))
    }

    fn unseen(is_looking: bool) -> Self {
        Self::Unseen(UnseenPart { is_looking })
    }

    /// Whether something is still being looked at: the page has more to show soon.
    pub(crate) fn is_looking(&self) -> bool {
        match self {
            Self::Seen(part) => part.conflict.is_looking,
            Self::Unseen(part) => part.is_looking,
        }
    }
}

/// A conflict, and what can be done about it.
struct ConflictView {
    commit: String,
    commit_short: String,
    subject: String,
    /// Whether it is a merge that was made by hand.
    is_merge: bool,
    /// What the commit does not apply to, for a sentence.
    onto: String,
    /// How the two sides are called.
    ours: String,
    theirs: String,
    /// Pull requests before it in the chain that change the same files.
    in_the_way: Vec<PrNumber>,
    files: Vec<FileView>,
    /// How many files are not shown.
    hidden_files: usize,
    /// Names the conflict, for the forms.
    digest: String,
    /// Whether everything can be decided by the form on the page.
    can_choose: bool,
    /// How many files have a proposal; where that is all of them, it can be accepted.
    proposed: usize,
    all: usize,
    history: Option<HistoryView>,
    /// Whether it is only the picks before it that it conflicts with.
    applies_alone: bool,
    /// Whether history is still to be looked at.
    is_looking: bool,
    branch: Option<BranchView>,
}

impl ConflictView {
    async fn of(
        app: &AppState,
        look: &Look<'_>,
        candidate: &Candidate,
        (place, found): (&ConflictPlace<'_>, &Found),
    ) -> Result<Self, PageError> {
        let mut view = Self::new(look, candidate, place, found);
        let alone = look.assessment(candidate);
        view.applies_alone = matches!(alone, Some(PickOutcome::Picked { .. }));
        if matches!(alone, Some(PickOutcome::Conflict { .. })) {
            let input = look.facts.input(candidate);
            view.history = history(app, look, place, &input).await?;
            view.is_looking = view.history.is_none();
        }
        Ok(view)
    }

    fn new(
        look: &Look<'_>,
        candidate: &Candidate,
        place: &ConflictPlace<'_>,
        found: &Found,
    ) -> Self {
        let base = &look.channel.base_label;
        let names = Names {
            ours: match place.before.as_slice() {
                [] => base.clone(),
                _ => format!("{base} with the picks before it"),
            },
            theirs: format!("#{}", candidate.pr),
        };
        let (pick, all) = (&found.pick, found.pick.files.len());
        let mut left = PLACES;
        let both = pick.files.iter().zip(&found.help).take(FILES).enumerate();
        let shown: Vec<_> = both
            .map(|(number, (file, help))| FileView::new(number, file, help, &names, &mut left))
            .collect();
        let is_shown = |file: &FileView| file.hidden == 0 && !file.is_too_much;
        let can_be_resolved = pick.files.iter().all(|it| it.conflict.can_be_resolved());
        let has_proposal = found.help.iter().filter(|help| help.proposal.is_some());
        Self {
            commit: pick.commit.to_string(),
            commit_short: pick.commit.short().to_owned(),
            subject: pick.subject.clone(),
            is_merge: pick
                .files
                .iter()
                .any(|it| it.conflict.kind == ConflictKind::MergedByHand),
            onto: onto(base, place),
            in_the_way: in_the_way(look, place, found),
            can_choose: can_be_resolved && all <= FILES && shown.iter().all(is_shown),
            proposed: match can_be_resolved {
                true => has_proposal.count(),
                false => 0,
            },
            all,
            hidden_files: all - shown.len(),
            files: shown,
            digest: found.digest(),
            history: None,
            applies_alone: false,
            is_looking: false,
            branch: can_be_resolved
                .then(|| BranchView::new(look, candidate, place, &pick.commit))
                .flatten(),
            ours: names.ours,
            theirs: names.theirs,
        }
    }

    /// Whether the proposal settles all of it.
    fn can_accept(&self) -> bool {
        self.proposed == self.all
    }

    /// Whether history names something that helps more than a proposal does.
    fn has_better_way(&self) -> bool {
        let history = self.history.as_ref();
        history.is_some_and(|history| !history.verdict.is_empty())
    }

    /// `1 file`, `2 files`
    fn all_files(&self) -> String {
        files(self.all)
    }
}

fn onto(base: &str, place: &ConflictPlace<'_>) -> String {
    let before = place.before.iter().map(|it| format!("#{}", it.pr));
    match before.len() {
        0 => format!("today's {base}"),
        _ => format!("{base} with {} picked before it", listed(before)),
    }
}

/// The pull requests before it in the chain that change the files in which it conflicts.
fn in_the_way(look: &Look<'_>, place: &ConflictPlace<'_>, found: &Found) -> Vec<PrNumber> {
    let conflicts = found.pick.files.iter().map(|file| &file.conflict);
    let is_in_the_way = |candidate: &Candidate| {
        let mut files = candidate.files().iter();
        files.any(|file| conflicts.clone().any(|conflict| conflict.path == file.path))
    };
    let before = place.before.iter().map(|before| before.pr);
    let before = before.filter(|pr| look.candidate(*pr).is_some_and(is_in_the_way));
    before.collect()
}

async fn history(
    app: &AppState,
    look: &Look<'_>,
    place: &ConflictPlace<'_>,
    input: &PickInput,
) -> Result<Option<HistoryView>, PageError> {
    let channel = look.channel.name();
    let found = app.store.investigation(channel, place.base, input).await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let nominated = app.store.nominated().await?;
    Ok(Some(HistoryView::new(look, &found, &nominated)))
}
