//! One conflicting file, as the page shows it.

use picket_domain::{ConflictKind, FileMode, FileVersion};
use picket_merger::ConflictedFile;

use super::super::choices::file_field;
use super::super::help::{FileHelp, Proposal};
use super::hunk::{HunkView, editable};
use crate::lines::{DiffLine, Lines, between};
use crate::view::conflict_kind;

/// Lines of a diff that is shown.
const LINES: usize = 400;

/// The longest text of which a diff is made, in bytes.
const DIFFED: usize = 1 << 20;

/// One conflicting file.
pub(super) struct FileView {
    pub(super) path: String,
    pub(super) kind: &'static str,
    /// What that means, and what there is to choose from, where the file is decided on as a whole.
    pub(super) meaning: String,
    pub(super) hunks: Vec<HunkView>,
    /// How many conflicting places are not shown.
    pub(super) hidden: usize,
    /// Whether its places were not even looked for.
    pub(super) is_too_much: bool,
    /// What there is to choose from for the whole file; none where it is decided on by places.
    pub(super) options: Vec<OptionView>,
    /// What a side does to the file that the other one lacks.
    pub(super) change: Option<DiffView>,
    pub(super) proposal: Option<ProposalView>,
}

/// Something that the whole file can be.
pub(super) struct OptionView {
    pub(super) field: String,
    pub(super) value: &'static str,
    pub(super) label: String,
    /// Whether it is what is proposed.
    pub(super) is_proposed: bool,
    /// What a person's own text starts from, where this is that.
    pub(super) own: Option<String>,
}

/// A diff, and what it is of.
pub(super) struct DiffView {
    pub(super) title: String,
    pub(super) diff: Lines,
}

/// What the file is proposed to be.
pub(super) struct ProposalView {
    pub(super) why: Vec<String>,
    /// `None` where the file is to go.
    pub(super) diff: Option<DiffView>,
}

/// How the two sides are called.
pub(super) struct Names {
    /// `nixos-26.05`, or that with the picks before.
    pub(super) ours: String,
    /// `#412377`
    pub(super) theirs: String,
}

impl FileView {
    /// Shows at most `left` conflicting places, and takes those off.
    pub(super) fn new(
        number: usize,
        file: &ConflictedFile,
        help: &FileHelp,
        names: &Names,
        left: &mut usize,
    ) -> Self {
        let shown = help.hunks.iter().take(*left).enumerate();
        let hunks: Vec<_> = shown
            .map(|(place, hunk)| HunkView::new(number, place, hunk))
            .collect();
        *left -= hunks.len();
        let is_whole = help.hunks.is_empty();
        let proposal = help.proposal.as_ref();
        Self {
            path: file.conflict.path.clone(),
            kind: conflict_kind(file.conflict.kind),
            meaning: match is_whole {
                _ if help.is_too_much => TOO_MUCH.to_owned(),
                true => meaning(file, names),
                false => String::new(),
            },
            is_too_much: help.is_too_much,
            hidden: help.hunks.len() - hunks.len(),
            hunks,
            options: match is_whole && !help.is_too_much && file.conflict.can_be_resolved() {
                true => options(number, file, proposal, names),
                false => Vec::new(),
            },
            change: (is_whole && !help.is_too_much)
                .then(|| change(file, names))
                .flatten(),
            proposal: proposal.map(|proposal| ProposalView::new(file, proposal, names)),
        }
    }
}

impl ProposalView {
    fn new(file: &ConflictedFile, proposal: &Proposal, names: &Names) -> Self {
        let title = format!("The proposed file, against that of {}", names.ours);
        let content = proposal.content.as_deref();
        Self {
            why: proposal.why.clone(),
            diff: content.map(|new| diff(title, file.ours.as_deref().unwrap_or_default(), new)),
        }
    }
}

const TOO_MUCH: &str = "So many lines of this file differ that it is not gone through here: \
    resolve it with git.";

/// What a conflict about a whole file means.
fn meaning(file: &ConflictedFile, Names { ours, theirs }: &Names) -> String {
    match file.conflict.kind {
        ConflictKind::DeletedByUs => format!(
            "{theirs} changes this file, and {ours} does not have it. If {ours} never had what is \
             fixed here, leaving the file out is right. If it has that in another file, which was \
             renamed or split since, the change belongs there: make it with git."
        ),
        ConflictKind::DeletedByThem => format!(
            "{theirs} removes this file, and {ours} has changes in it that {theirs} has never \
             seen. Removing it is right if nothing in {ours} needs it any more; see what differs."
        ),
        ConflictKind::BothAdded => format!(
            "{theirs} adds this file, and {ours} has another one of the same name: perhaps an \
             earlier backport of the same fix."
        ),
        ConflictKind::BothModified => format!(
            "{theirs} and {ours} both changed this file, and it is no text, or its kind or \
             permissions changed: it is one or the other as a whole."
        ),
        ConflictKind::Markers => format!(
            "Picking {theirs} would leave conflict markers in this file that neither side has."
        ),
        ConflictKind::MergedByHand => format!(
            "A merge inside {theirs} gives this file a content that git does not make of the two \
             sides, and that none of the commits beside it has. Ask for a rebase; or hand in all \
             that {theirs} changes as a patch of the team's own."
        ),
        ConflictKind::Other => format!(
            "{ours} and {theirs} disagree on what is where: a file against a folder, or one file \
             renamed to two names. No file's content settles that: it takes a backport made \
             upstream, as a pull request of its own."
        ),
    }
}

fn options(
    number: usize,
    file: &ConflictedFile,
    proposal: Option<&Proposal>,
    Names { ours, theirs }: &Names,
) -> Vec<OptionView> {
    let is_proposed = |content: Option<&[u8]>| {
        proposal.is_some_and(|proposal| proposal.content.as_deref() == content)
    };
    let versions = &file.conflict.versions;
    let option = |value, label: String, is_proposed| OptionView {
        field: file_field(number),
        value,
        label,
        is_proposed,
        own: None,
    };
    let mut options = Vec::new();
    if versions.ours.is_some() {
        let label = format!("Keep it as {ours} has it");
        options.push(option("ours", label, is_proposed(file.ours.as_deref())));
    }
    if versions.theirs.is_some() {
        let label = format!("Take it as {theirs} has it");
        options.push(option("theirs", label, is_proposed(file.theirs.as_deref())));
    }
    let label = match (&versions.ours, &versions.theirs) {
        (None, _) => format!("Leave it out, as {ours} does"),
        (_, None) => format!("Remove it, as {theirs} does"),
        (Some(_), Some(_)) => "Remove it".to_owned(),
    };
    options.push(option("delete", label, is_proposed(None)));
    if let Some(own) = own(file) {
        let label = "Something else:".to_owned();
        let mut other = option("own", label, false);
        other.own = Some(own);
        options.push(other);
    }
    options
}

/// What a person's own text of the whole file starts from: the version that there is. Links and
/// submodules have none.
fn own(file: &ConflictedFile) -> Option<String> {
    let is_text = |version: &Option<FileVersion>| match version {
        None => true,
        Some(version) => matches!(version.mode, FileMode::Plain | FileMode::Executable),
    };
    let versions = &file.conflict.versions;
    if !is_text(&versions.ours) || !is_text(&versions.theirs) {
        return None;
    }
    let text = file.theirs.as_ref().or(file.ours.as_ref())?;
    editable(text)
}

/// What the side that has the file did to it.
fn change(file: &ConflictedFile, names: &Names) -> Option<DiffView> {
    let (whose, new) = match (&file.ours, &file.theirs) {
        (None, Some(theirs)) => (&names.theirs, theirs),
        (Some(ours), None) => (&names.ours, ours),
        (Some(ours), Some(theirs)) => {
            let title = format!("{} against {}", names.theirs, names.ours);
            return Some(diff(title, ours, theirs));
        }
        (None, None) => return None,
    };
    let old = file.base.as_deref().unwrap_or_default();
    Some(diff(format!("What {whose} changes in it"), old, new))
}

fn diff(title: String, old: &[u8], new: &[u8]) -> DiffView {
    let is_text = |text: &[u8]| !text.contains(&0) && text.len() <= DIFFED;
    let diff = match is_text(old) && is_text(new) {
        true => between(
            &String::from_utf8_lossy(old),
            &String::from_utf8_lossy(new),
            LINES,
        ),
        false => Lines {
            lines: vec![DiffLine::heading(
                "Binary, or too large to be shown.".to_owned(),
            )],
            is_cut: false,
        },
    };
    DiffView { title, diff }
}
