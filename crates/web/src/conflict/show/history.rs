//! What history says of a conflict, as the page shows it.

use picket_domain::{
    Candidate, Facts, Investigation, PrNumber, Prerequisite, Standing, Together, TouchingCommit,
};

use crate::look::Look;
use crate::time::When;
use crate::view::{Badge, listed};

/// Commits of the base that are listed.
const COMMITS: usize = 12;

/// What history says.
pub(super) struct HistoryView {
    /// What it comes to, in a sentence; empty where nothing does.
    pub(super) verdict: String,
    pub(super) base_side: Vec<CommitView>,
    /// How many of those are not shown.
    pub(super) hidden: usize,
    pub(super) prerequisites: Vec<PrerequisiteView>,
    pub(super) is_cut_short: bool,
}

/// A commit that touched conflicting lines.
pub(super) struct CommitView {
    pub(super) short: String,
    pub(super) subject: String,
    pub(super) author: String,
    pub(super) when: When,
    pub(super) path: String,
    pub(super) pr: Option<PrView>,
}

/// A pull request that a commit came with.
pub(super) struct PrView {
    pub(super) number: PrNumber,
    /// Whether it has a page here.
    pub(super) is_watched: bool,
}

/// Something that the base lacks.
pub(super) struct PrerequisiteView {
    pub(super) pr: Option<PrView>,
    pub(super) title: String,
    /// What the team has decided about it.
    pub(super) standing: Option<Badge>,
    /// What comes of picking it first.
    pub(super) together: String,
    pub(super) helps: bool,
    /// Whether somebody asked that it be watched.
    pub(super) is_nominated: bool,
    pub(super) commits: Vec<CommitView>,
}

/// The pull requests that somebody asked to watch.
pub(super) type Nominated = std::collections::BTreeSet<PrNumber>;

impl HistoryView {
    pub(super) fn new(look: &Look<'_>, found: &Investigation, nominated: &Nominated) -> Self {
        let commits = found.base_side.iter().take(COMMITS);
        let prerequisites = found.prerequisites.iter();
        Self {
            verdict: verdict(look, found),
            base_side: commits.map(|it| CommitView::new(look, it)).collect(),
            hidden: found.base_side.len().saturating_sub(COMMITS),
            prerequisites: prerequisites
                .map(|it| PrerequisiteView::new(look, it, nominated))
                .collect(),
            is_cut_short: found.is_cut_short,
        }
    }
}

impl CommitView {
    fn new(look: &Look<'_>, commit: &TouchingCommit) -> Self {
        Self {
            short: commit.sha.short().to_owned(),
            subject: commit.subject.clone(),
            author: commit.author.clone(),
            when: When::new(commit.at, look.now),
            path: commit.path.clone(),
            pr: commit.pr.map(|pr| PrView::new(look, pr)),
        }
    }
}

impl PrView {
    fn new(look: &Look<'_>, pr: PrNumber) -> Self {
        Self {
            number: pr,
            is_watched: look.candidate(pr).is_some(),
        }
    }
}

impl PrerequisiteView {
    fn new(look: &Look<'_>, it: &Prerequisite, nominated: &Nominated) -> Self {
        let candidate = it.pr.and_then(|pr| look.candidate(pr));
        let first = it.commits.first().map(|commit| commit.subject.clone());
        Self {
            pr: it.pr.map(|pr| PrView::new(look, pr)),
            title: match candidate {
                Some(candidate) => candidate.title.clone(),
                None => first.unwrap_or_default(),
            },
            standing: candidate.map(|it| standing(&look.facts, it)),
            together: together(&it.together),
            helps: helps(it),
            is_nominated: it.pr.is_some_and(|pr| nominated.contains(&pr)),
            commits: it
                .commits
                .iter()
                .map(|it| CommitView::new(look, it))
                .collect(),
        }
    }
}

fn standing(facts: &Facts, candidate: &Candidate) -> Badge {
    match facts.standing(candidate, &candidate.head) {
        Standing::Approved { .. } => Badge::new("good", "Approved"),
        Standing::Pending { .. } => Badge::new("warn", "Not approved"),
        Standing::Vetoed { .. } => Badge::new("bad", "Vetoed"),
    }
}

fn helps(prerequisite: &Prerequisite) -> bool {
    match prerequisite.together {
        Together::Clean | Together::CleanAfterEarlier => true,
        Together::PrerequisiteConflicts { .. }
        | Together::StillConflicts { .. }
        | Together::Unknown => false,
    }
}

fn together(together: &Together) -> String {
    match together {
        Together::Clean => "With it picked first, both apply.".to_owned(),
        Together::CleanAfterEarlier => {
            "With it and those listed before it picked first, all apply.".to_owned()
        }
        Together::PrerequisiteConflicts { paths } => {
            format!(
                "It does not apply itself: it conflicts in {}.",
                names(paths)
            )
        }
        Together::StillConflicts { paths } => format!(
            "It applies, but this still conflicts in {} after it.",
            names(paths)
        ),
        Together::Unknown => "Picking it first was not tried.".to_owned(),
    }
}

fn names(paths: &[String]) -> String {
    listed(paths.iter().cloned())
}

/// The first prerequisite with which all applies, and what is missing for that.
fn verdict(look: &Look<'_>, found: &Investigation) -> String {
    let helping = found.prerequisites.iter().find(|it| helps(it));
    let Some((pr, Prerequisite { together, .. })) = helping.and_then(|it| Some((it.pr?, it)))
    else {
        return String::new();
    };
    let (with, is) = match together {
        Together::CleanAfterEarlier => (" and those listed before it", "are"),
        _ => ("", "is"),
    };
    let standing = look
        .candidate(pr)
        .map(|it| look.facts.standing(it, &it.head));
    let (which, then) = match standing {
        Some(Standing::Approved { .. }) => (
            "which is approved",
            "It applies once that is in the channel before it.",
        ),
        Some(Standing::Pending { .. }) => (
            "which is not approved",
            "Approve that one first, and it applies.",
        ),
        Some(Standing::Vetoed { .. }) => ("which is vetoed", ""),
        None => (
            "which is not watched here",
            "Nominate that one, and once it is approved, this applies.",
        ),
    };
    let base = &look.channel.base_label;
    format!("It conflicts only because #{pr}, {which},{with} {is} missing in {base}. {then}")
}
