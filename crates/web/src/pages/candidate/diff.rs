//! The part of a candidate's page that shows its diff.

use picket_domain::{Candidate, ChangeKind};
use picket_merger::{Diff, FileDiff, LineKind, MergeError, Merger, MirrorError};

use crate::chain::Chain;
use crate::lines::DiffLine;
use crate::view::{files, plural};

/// Lines on one page; more than that nobody reads there.
const PAGE_LINES: usize = 4_000;

/// Files are unfolded until they have this many lines together.
const UNFOLDED_LINES: usize = 600;

/// A diff, as the page shows it.
pub(super) struct DiffView {
    pub(super) files: Vec<DiffFile>,
    /// What is missing, or why there is none.
    pub(super) note: String,
    /// What of it is not shown, a line each; the names of at most [`NAMED`] files.
    pub(super) unseen: Vec<String>,
}

/// Files of which is said that they are not shown, or not all of them.
const NAMED: usize = 20;

/// What a candidate's page does not show of its diff, as the approval of it records.
pub(crate) async fn not_shown(mirror: &Merger, candidate: &Candidate) -> Vec<String> {
    DiffView::of(mirror, candidate.clone()).await.unseen
}

/// One file of a diff.
pub(super) struct DiffFile {
    pub(super) path: String,
    /// Its name, and how many lines of it change.
    pub(super) name: String,
    pub(super) open: bool,
    pub(super) lines: Vec<DiffLine>,
    pub(super) note: String,
    /// What of it is not shown.
    pub(super) unseen: Option<String>,
}

impl DiffView {
    /// The diff of a candidate's head, from the mirror.
    pub(super) async fn of(mirror: &Merger, candidate: Candidate) -> Self {
        let mirror = mirror.clone();
        let diff = tokio::task::spawn_blocking(move || mirror.diff(&candidate)).await;
        match diff {
            Ok(Ok(diff)) => Self::new(&diff),
            Ok(Err(MergeError::Mirror(MirrorError::MissingCommit(_)))) => Self::without(
                "The pull request has not been fetched yet, so its diff is not here; GitHub has it.",
            ),
            Ok(Err(error)) => {
                tracing::warn!(error = %Chain(&error), "a diff cannot be shown");
                Self::without("The diff cannot be shown just now; GitHub has it.")
            }
            Err(error) => {
                tracing::error!(%error, "a diff cannot be made");
                Self::without("The diff cannot be shown; GitHub has it.")
            }
        }
    }

    fn without(note: &str) -> Self {
        Self {
            files: Vec::new(),
            note: note.to_owned(),
            unseen: vec!["the whole diff".to_owned()],
        }
    }

    fn new(diff: &Diff) -> Self {
        if diff.changed_files == 0 {
            return Self {
                unseen: Vec::new(),
                ..Self::without("The head changes no file.")
            };
        }
        let mut left = PAGE_LINES;
        let view = |file| DiffFile::new(file, &mut left);
        let shown: Vec<_> = diff.files.iter().map(view).collect();
        let mut note = files(diff.changed_files);
        let hidden = diff.changed_files.saturating_sub(shown.len());
        if hidden > 0 {
            note += &format!("; {hidden} of them are not shown here, but on GitHub");
        } else if diff.is_cut() || left == 0 {
            note += "; it is long, and cut where it says so";
        }
        let unseen = unseen(&shown, hidden);
        Self {
            files: shown,
            note,
            unseen,
        }
    }
}

fn unseen(shown: &[DiffFile], hidden: usize) -> Vec<String> {
    let named: Vec<_> = shown
        .iter()
        .filter_map(|file| Some(format!("{}: {}", file.path, file.unseen.as_ref()?)))
        .collect();
    let more = hidden + named.len().saturating_sub(NAMED);
    let mut lines: Vec<_> = named.into_iter().take(NAMED).collect();
    if more > 0 {
        lines.push(format!("{} more", files(more)));
    }
    lines
}

impl DiffFile {
    /// Shows a file with at most `left` lines, and takes those off.
    fn new(file: &FileDiff, left: &mut usize) -> Self {
        let all = file
            .hunks
            .iter()
            .map(|hunk| hunk.lines.len() + 1)
            .sum::<usize>();
        let mut lines: Vec<_> = file.hunks.iter().flat_map(hunk_lines).take(*left).collect();
        let is_cut = file.is_cut || lines.len() < all;
        if lines.len() < all && lines.last().is_some_and(|line| line.class == "hunk") {
            lines.pop();
        }
        let open = PAGE_LINES - *left < UNFOLDED_LINES;
        *left -= lines.len();
        Self {
            path: file.path.clone(),
            name: name(file),
            open,
            note: note(file, is_cut),
            unseen: unseen_of(file, &lines, is_cut),
            lines,
        }
    }
}

fn hunk_lines(hunk: &picket_merger::Hunk) -> impl Iterator<Item = DiffLine> + '_ {
    let heading = DiffLine::heading(hunk.heading.clone());
    let number = |number: Option<u32>| number.map(|n| n.to_string()).unwrap_or_default();
    let lines = hunk.lines.iter().map(move |line| {
        let (class, sign) = match line.kind {
            LineKind::Context => ("same", ""),
            LineKind::Added => ("add", "+"),
            LineKind::Removed => ("del", "−"),
            LineKind::Remark => ("same", ""),
        };
        DiffLine {
            class,
            old: number(line.old),
            new: number(line.new),
            sign,
            text: line.text.clone(),
        }
    });
    std::iter::once(heading).chain(lines)
}

fn name(file: &FileDiff) -> String {
    let counts = format!("+{} −{}", file.additions, file.deletions);
    match &file.change {
        ChangeKind::Renamed { from } => format!("{from} → {}  {counts}", file.path),
        ChangeKind::Added => format!("{}  new, {counts}", file.path),
        ChangeKind::Removed => format!("{}  removed, {counts}", file.path),
        ChangeKind::Modified => format!("{}  {counts}", file.path),
    }
}

/// `500 of 2500 changed lines`
fn unseen_of(file: &FileDiff, lines: &[DiffLine], is_cut: bool) -> Option<String> {
    if file.is_binary {
        return Some("binary, or too large".to_owned());
    }
    let shown = lines.iter();
    let shown = shown
        .filter(|line| matches!(line.class, "add" | "del"))
        .count();
    let all = file.additions + file.deletions;
    match all.saturating_sub(shown) {
        0 => is_cut.then(|| "the ends of long lines".to_owned()),
        hidden => Some(format!("{hidden} of {all} changed lines")),
    }
}

/// What becomes of a file by its mode.
fn mode_words(old: &str, new: &str) -> String {
    let words = match (old, new) {
        (_, "120000") => "This is a symbolic link: its text is where it leads.",
        (_, "160000") => "This is a submodule.",
        ("120000", _) => "This was a symbolic link, and is a file now.",
        (_, "100755") => "This may be executed.",
        ("100755", "100644") => "This may not be executed any more.",
        (old, new) => return format!("Mode {old} becomes {new}."),
    };
    words.to_owned()
}

fn note(file: &FileDiff, is_cut: bool) -> String {
    let mut notes = Vec::new();
    if let Some((old, new)) = &file.mode {
        notes.push(mode_words(old, new));
    }
    if file.is_binary {
        notes.push("Binary, or too large to be shown.".to_owned());
    } else if is_cut {
        let n = file.additions + file.deletions;
        notes.push(format!("Cut: {n} line{} change in all.", plural(n)));
    }
    notes.join(" ")
}
