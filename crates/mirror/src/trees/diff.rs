//! A pull request's changes, for a page: bounded, and marked where something was cut.

use git2::{
    Delta, DiffDelta, DiffFile, DiffFindOptions, DiffFormat, DiffLineType, DiffOptions, Oid, Patch,
    Repository, Tree,
};
use picket_domain::{ChangeKind, CommitSha};
use serde::Serialize;

use crate::error::Result;
use crate::ids::need_commit;
use crate::trees::changes::MAX_FILES as MAX_CHANGED;

/// Files beyond these are counted only.
const MAX_FILES: usize = 300;
/// Lines of one file, and of the whole diff.
const MAX_FILE_LINES: usize = 2_000;
const MAX_LINES: usize = 20_000;
/// Characters of one line.
const MAX_LINE: usize = 1_000;
/// The mode of a file that is neither executable nor a link.
const PLAIN: u32 = 0o100_644;
/// Larger files are shown as binary ones, in bytes.
const MAX_FILE_SIZE: i64 = 1_000_000;

/// What a pull request changes, all its commits taken together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The files, ordered by path; at most 300 of them.
    pub files: Vec<FileDiff>,
    /// How many files change in all; where there are more than 200,000, that many.
    pub changed_files: usize,
}

impl Diff {
    /// Of more files than can be looked at.
    pub(crate) fn of_too_many() -> Self {
        let (files, changed_files) = (Vec::new(), MAX_CHANGED);
        Self {
            files,
            changed_files,
        }
    }

    /// Whether anything of the diff is not shown.
    pub fn is_cut(&self) -> bool {
        self.files.len() < self.changed_files || self.files.iter().any(|file| file.is_cut)
    }
}

/// What happens to one file. Bytes that are not UTF-8 are shown as U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDiff {
    /// Its path after the change; for a removed file, before it.
    pub path: String,
    /// What happens to it.
    pub change: ChangeKind,
    /// Its mode before and after, as git writes them (`100644`), where it changes; of a new file that is
    /// no plain one, `000000` before.
    pub mode: Option<(String, String)>,
    /// Whether it is no text, or too large: it has no hunks then.
    pub is_binary: bool,
    /// Lines added, those that are not shown included.
    pub additions: usize,
    /// Lines removed, those that are not shown included.
    pub deletions: usize,
    /// The changed lines with those around them.
    pub hunks: Vec<Hunk>,
    /// Whether lines, or ends of lines, are left out.
    pub is_cut: bool,
}

/// A run of changed lines and three unchanged ones around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// Git's heading: `@@ -1,3 +1,4 @@ buildPythonPackage rec {`.
    pub heading: String,
    /// The lines, in order.
    pub lines: Vec<Line>,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What happens to it.
    pub kind: LineKind,
    /// Its number before the change, from 1.
    pub old: Option<u32>,
    /// Its number after the change, from 1.
    pub new: Option<u32>,
    /// Its text, without the line break.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// It stays.
    Context,
    /// It is new.
    Added,
    /// It goes.
    Removed,
    /// Not a line of the file: git's remark that the line before has no line break at its end.
    Remark,
}

/// The difference from a commit (`None`: from nothing) to a head.
pub(crate) fn diff(repo: &Repository, from: Option<Oid>, head: &CommitSha) -> Result<Diff> {
    let mut options = DiffOptions::new();
    options.max_size(MAX_FILE_SIZE);
    let sides = Sides::of(repo, from, head)?;
    let found = sides.find(repo, &mut options)?;
    let changed_files = found.deltas().len();
    let (mut files, mut left) = (Vec::new(), MAX_LINES);
    for index in 0..changed_files.min(MAX_FILES) {
        let Some(delta) = found.get_delta(index) else {
            continue;
        };
        let mut file = file_of(&delta, &sides);
        // There is no patch for an entry that is no file, such as a submodule.
        if let Some(patch) = Patch::from_diff(&found, index)? {
            file.is_binary = patch.delta().flags().is_binary();
            read_hunks(&mut file, &patch, &mut left)?;
        }
        files.push(file);
    }
    Ok(Diff {
        files,
        changed_files,
    })
}

/// The same as a patch that `git apply` takes, binary files included; `None` where it has more than
/// `most` bytes.
pub(crate) fn patch(
    repo: &Repository,
    from: Option<Oid>,
    head: &CommitSha,
    most: usize,
) -> Result<Option<Vec<u8>>> {
    let mut options = DiffOptions::new();
    options.show_binary(true).id_abbrev(40);
    let sides = Sides::of(repo, from, head)?;
    let found = sides.find(repo, &mut options)?;
    let mut text = Vec::new();
    let printed = found.print(DiffFormat::Patch, |_, _, line| {
        if let origin @ ('+' | '-' | ' ') = line.origin() {
            text.push(origin as u8);
        }
        text.extend(line.content());
        text.len() <= most
    });
    match printed {
        Err(_) if text.len() > most => Ok(None),
        printed => Ok(printed.map(|()| Some(text))?),
    }
}

/// The two trees.
struct Sides<'r> {
    from: Option<Tree<'r>>,
    to: Tree<'r>,
}

impl<'r> Sides<'r> {
    fn of(repo: &'r Repository, from: Option<Oid>, head: &CommitSha) -> Result<Self> {
        let from = match from {
            Some(from) => Some(repo.find_commit(from)?.tree()?),
            None => None,
        };
        let to = need_commit(repo, head)?.tree()?;
        Ok(Self { from, to })
    }

    fn find(&self, repo: &'r Repository, options: &mut DiffOptions) -> Result<git2::Diff<'r>> {
        options.include_typechange(true);
        let mut found =
            repo.diff_tree_to_tree(self.from.as_ref(), Some(&self.to), Some(options))?;
        found.find_similar(Some(DiffFindOptions::new().renames(true)))?;
        Ok(found)
    }

    /// A file's mode before and after; 0 where it is not there.
    fn modes(&self, delta: &DiffDelta<'_>) -> (u32, u32) {
        let from = self.from.as_ref();
        let old = from.map_or(0, |tree| mode_at(tree, &delta.old_file()));
        (old, mode_at(&self.to, &delta.new_file()))
    }
}

/// Off the tree: the library breaks down over modes that git itself does not write (`100600`).
fn mode_at(tree: &Tree<'_>, file: &DiffFile<'_>) -> u32 {
    let entry = file
        .path()
        .filter(|_| !file.id().is_zero())
        .and_then(|path| tree.get_path(path).ok());
    entry.map_or(0, |entry| entry.filemode_raw().cast_unsigned())
}

fn file_of(delta: &DiffDelta<'_>, sides: &Sides<'_>) -> FileDiff {
    let path = |file: DiffFile<'_>| {
        String::from_utf8_lossy(file.path_bytes().unwrap_or_default()).into_owned()
    };
    let change = match delta.status() {
        Delta::Added => ChangeKind::Added,
        Delta::Deleted => ChangeKind::Removed,
        Delta::Renamed => ChangeKind::Renamed {
            from: path(delta.old_file()),
        },
        _ => ChangeKind::Modified,
    };
    let modes = sides.modes(delta);
    let is_new_mode = match modes {
        (0, PLAIN) | (_, 0) => false,
        (old, new) => old != new,
    };
    FileDiff {
        path: path(delta.new_file()),
        change,
        mode: is_new_mode.then(|| (format!("{:06o}", modes.0), format!("{:06o}", modes.1))),
        is_binary: false,
        additions: 0,
        deletions: 0,
        hunks: Vec::new(),
        is_cut: false,
    }
}

/// Reads a file's hunks; `left` is how many lines the whole diff may still have.
fn read_hunks(file: &mut FileDiff, patch: &Patch<'_>, left: &mut usize) -> Result<()> {
    (_, file.additions, file.deletions) = patch.line_stats()?;
    let mut left_here = (*left).min(MAX_FILE_LINES);
    *left -= left_here;
    for index in 0..patch.num_hunks() {
        let (hunk, count) = patch.hunk(index)?;
        let (heading, _) = text(hunk.header());
        let mut lines = Vec::new();
        for line in 0..count.min(left_here) {
            let line = patch.line_in_hunk(index, line)?;
            let (text, is_cut) = text(line.content());
            file.is_cut |= is_cut;
            let kind = match line.origin_value() {
                DiffLineType::Addition => LineKind::Added,
                DiffLineType::Deletion => LineKind::Removed,
                DiffLineType::Context => LineKind::Context,
                _ => LineKind::Remark,
            };
            lines.push(Line {
                kind,
                old: line.old_lineno(),
                new: line.new_lineno(),
                text,
            });
        }
        file.is_cut |= lines.len() < count;
        left_here -= lines.len();
        if !lines.is_empty() {
            file.hunks.push(Hunk { heading, lines });
        }
    }
    *left += left_here;
    Ok(())
}

/// A line without its break, and whether it was cut.
fn text(bytes: &[u8]) -> (String, bool) {
    // No character is longer than four bytes: the rest need not even be decoded.
    let start = &bytes[..bytes.len().min(4 * MAX_LINE)];
    let whole = String::from_utf8_lossy(start);
    let whole = whole.trim_matches('\n');
    let text: String = whole.chars().take(MAX_LINE).collect();
    let is_cut = text.len() < whole.len() || start.len() < bytes.len();
    (text, is_cut)
}
