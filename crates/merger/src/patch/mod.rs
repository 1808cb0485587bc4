//! What a commit changes, as a hash and as a text for people.
//!
//! The hash ([`PatchId`]) is of the files' paths and modes and of the lines taken out and put in,
//! without their context and place: a pick has the same one as the commit that it was made from as
//! long as it changes the same lines of the same files. It is SHA-256 over `picket patch 1\n` and,
//! for each file in the order of paths,
//!
//! - the path's length (eight bytes, big-endian) and bytes,
//! - the mode before and after, six octal digits each, `000000` where there is no file,
//! - SHA-256 over the file's change: `t`, and for each changed line its sign (`-` or `+`), its
//!   length and its bytes with the line break; or `b` and the two blobs' ids in hexadecimal, empty
//!   where there is none, for files that are no text.
//!
//! Lines are told apart by git's own diff (Myers, with its indent heuristic) as libgit2 has it. A
//! renamed file is one that goes and one that comes, with all of its lines: what counts as a rename
//! depends on the other files of the commit and on a threshold, and the hash is not to depend on
//! such. A file that becomes a link goes, and comes as one.

use std::collections::HashMap;
use std::rc::Rc;

use git2::{DiffLineType, DiffOptions};
use picket_domain::{PatchId, Sha256};
use picket_treemerge::{Kind, Mode, Objects, Version};
use sha2::Digest;

use crate::error::Result;
use picket_mirror::Change;

mod text;

pub(crate) use text::text;

/// Larger files are compared as a whole, as if they were no text, in bytes.
const MAX_TEXT: u64 = 64 << 20;
/// Where git looks for a zero byte to tell text from other files.
const SNIFFED: usize = 8000;

/// Hashes commits' changes, and remembers what it has seen: a pick changes much the same as what
/// it was made from.
#[derive(Default)]
pub(crate) struct Patches {
    digests: HashMap<(Option<Version>, Option<Version>), Sha256>,
}

impl Patches {
    /// The hash of these changes.
    pub(crate) fn id(&mut self, objects: &impl Objects, changes: &[Change]) -> Result<PatchId> {
        let mut hash = sha2::Sha256::new_with_prefix(b"picket patch 1\n");
        for change in changes {
            update_with(&mut hash, &change.path);
            for version in [change.old, change.new] {
                hash.update(octal(version));
            }
            hash.update(self.digest(objects, change)?.as_bytes());
        }
        Ok(Sha256::from_bytes(hash.finalize().into()).into())
    }

    fn digest(&mut self, objects: &impl Objects, change: &Change) -> Result<Sha256> {
        let key = (change.old, change.new);
        if let Some(digest) = self.digests.get(&key) {
            return Ok(*digest);
        }
        let mut hash = sha2::Sha256::new();
        match Compared::of(objects, change)? {
            Compared::Texts(texts) => {
                hash.update(b"t");
                for text in &texts {
                    text.lines(|sign, line| {
                        if let Some(sign) = sign.letter() {
                            hash.update([sign]);
                            update_with(&mut hash, line);
                        }
                    })?;
                }
            }
            Compared::Whole => {
                hash.update(b"b");
                for version in [change.old, change.new] {
                    let id = version.map_or(String::new(), |version| version.id.to_string());
                    update_with(&mut hash, id.as_bytes());
                }
            }
        }
        let digest = Sha256::from_bytes(hash.finalize().into());
        self.digests.insert(key, digest);
        Ok(digest)
    }
}

fn update_with(hash: &mut sha2::Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// A mode as git's patches write it.
fn octal(version: Option<Version>) -> &'static str {
    match version.map(|version| version.mode) {
        None => "000000",
        Some(Mode::File) => "100644",
        Some(Mode::Executable) => "100755",
        Some(Mode::Symlink) => "120000",
        Some(Mode::Submodule) => "160000",
        Some(Mode::Tree) => "040000",
    }
}

/// How a file's two versions are compared.
enum Compared {
    /// By lines: once, or as one file that goes and another one that comes.
    Texts(Vec<Texts>),
    /// As a whole.
    Whole,
}

impl Compared {
    fn of(objects: &impl Objects, change: &Change) -> Result<Self> {
        let mut contents = [const { None }; 2];
        for (version, content) in [change.old, change.new].into_iter().zip(&mut contents) {
            if let Some(version) = version {
                match read_text(objects, version)? {
                    Some(text) => *content = Some(text),
                    None => return Ok(Self::Whole),
                }
            }
        }
        let [old, new] = contents;
        Ok(Self::Texts(match (change.old, change.new) {
            (Some(before), Some(after)) if kind(before.mode) != kind(after.mode) => {
                let (gone, came) = (Texts { old, new: None }, Texts { old: None, new });
                vec![gone, came]
            }
            _ => vec![Texts { old, new }],
        }))
    }
}

/// Two texts to compare; nothing where a side lacks the file.
struct Texts {
    old: Option<Rc<Vec<u8>>>,
    new: Option<Rc<Vec<u8>>>,
}

/// The lines that a file's change takes out, and those that it puts in, with their line breaks.
#[derive(Default)]
pub(crate) struct ChangedLines {
    pub(crate) removed: Vec<Vec<u8>>,
    pub(crate) added: Vec<Vec<u8>>,
}

/// The lines of a change; `None` where the file is no text.
pub(crate) fn changed_lines(
    objects: &impl Objects,
    change: &Change,
) -> Result<Option<ChangedLines>> {
    let Compared::Texts(texts) = Compared::of(objects, change)? else {
        return Ok(None);
    };
    let mut lines = ChangedLines::default();
    for text in &texts {
        text.lines(|sign, line| match sign {
            Sign::Removed => lines.removed.push(line.to_vec()),
            Sign::Added => lines.added.push(line.to_vec()),
            Sign::Begin | Sign::Context | Sign::NoBreak => {}
        })?;
    }
    Ok(Some(lines))
}

/// What happens to a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Not a line of either text: a group of lines begins.
    Begin,
    Context,
    Removed,
    Added,
    /// Not a line of either text: the line before has no line break.
    NoBreak,
}

impl Sign {
    /// The sign of a line that changes.
    fn letter(self) -> Option<u8> {
        match self {
            Self::Removed => Some(b'-'),
            Self::Added => Some(b'+'),
            Self::Begin | Self::Context | Self::NoBreak => None,
        }
    }
}

impl Texts {
    /// Calls for each changed line and the three around it, in order.
    fn lines(&self, mut each: impl FnMut(Sign, &[u8])) -> Result<()> {
        let mut options = DiffOptions::new();
        options
            .context_lines(3)
            .indent_heuristic(true)
            .force_text(true);
        let [old, new] =
            [&self.old, &self.new].map(|text| text.as_ref().map_or(&[][..], |text| &text[..]));
        let patch = git2::Patch::from_buffers(old, None, new, None, Some(&mut options))?;
        for hunk in 0..patch.num_hunks() {
            each(Sign::Begin, b"");
            for line in 0..patch.num_lines_in_hunk(hunk)? {
                let line = patch.line_in_hunk(hunk, line)?;
                let sign = match line.origin_value() {
                    DiffLineType::Context => Sign::Context,
                    DiffLineType::Deletion => Sign::Removed,
                    DiffLineType::Addition => Sign::Added,
                    _ => Sign::NoBreak,
                };
                each(sign, line.content());
            }
        }
        Ok(())
    }
}

/// The content of a file or link, or the line that git has for a submodule; `None` for what is no
/// text, such as a folder in a file's place.
pub(crate) fn read_text(objects: &impl Objects, version: Version) -> Result<Option<Rc<Vec<u8>>>> {
    if version.mode == Mode::Submodule {
        let line = format!("Subproject commit {}\n", version.id);
        return Ok(Some(Rc::new(line.into_bytes())));
    }
    if version.mode == Mode::Tree || objects.blob_size(&version.id)? > MAX_TEXT {
        return Ok(None);
    }
    let content = objects.read(&version.id, Kind::Blob)?;
    let start = &content[..content.len().min(SNIFFED)];
    Ok((!start.contains(&0)).then_some(content))
}

/// Files are of one kind, whatever their permissions.
fn kind(mode: Mode) -> Mode {
    match mode {
        Mode::Executable => Mode::File,
        other => other,
    }
}

#[cfg(test)]
mod tests;
