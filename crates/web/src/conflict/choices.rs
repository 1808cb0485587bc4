//! From what a person chose on the page to what the files are to be.
//!
//! Fields are named after places in the order of the page: `f0h2` is the third conflicting place of
//! the first file, `f1` the second file as a whole; `_text` behind it has the person's own text.

use std::collections::BTreeMap;

use picket_domain::{
    FileMode, FileVersion, ResolvedBy, ResolvedContent, ResolvedFile, Sha256, Versions,
};
use picket_merger::{ConflictedFile, Contents};

use super::check::check;
use super::found::Found;
use super::help::{FileHelp, HunkChoice, assemble};

/// The longest text that a person may type, in bytes. What is longer goes by a branch.
const MAX_TYPED: usize = 1 << 20;

/// The fields of a form.
pub(super) type Fields = BTreeMap<String, String>;

/// What the files are to be.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) by: ResolvedBy,
    pub(super) files: Vec<ResolvedFile>,
    pub(super) contents: Contents,
}

/// The field for a whole file.
pub(super) fn file_field(file: usize) -> String {
    format!("f{file}")
}

/// The field for one conflicting place of a file.
pub(super) fn hunk_field(file: usize, hunk: usize) -> String {
    format!("f{file}h{hunk}")
}

/// What was proposed.
///
/// # Errors
/// Says what cannot be taken, for a person.
pub(super) fn proposed(found: &Found) -> Result<Made, String> {
    made(found, |_, file, help| match &help.proposal {
        Some(proposal) => Ok(proposal
            .content
            .clone()
            .map(|content| (merged_mode(&file.conflict.versions), content))),
        None => Err("has no proposal".to_owned()),
    })
}

/// What a person chose, place by place.
///
/// # Errors
/// Says what is missing or cannot be taken, for a person.
pub(super) fn own_choices(found: &Found, fields: &Fields) -> Result<Made, String> {
    made(found, |number, file, help| match help.hunks.is_empty() {
        _ if help.is_too_much => Err("is too much to be resolved here".to_owned()),
        true => whole(file, &file_field(number), fields),
        false => by_hunks(file, help, number, fields),
    })
}

/// A file's mode and content, or none where it is to go.
type Content = Option<(FileMode, Vec<u8>)>;

fn made(
    found: &Found,
    choose: impl Fn(usize, &ConflictedFile, &FileHelp) -> Result<Content, String>,
) -> Result<Made, String> {
    let mut made = Made {
        by: ResolvedBy::Proposal,
        files: Vec::new(),
        contents: Contents::new(),
    };
    for (number, (file, help)) in found.pick.files.iter().zip(&found.help).enumerate() {
        let path = &file.conflict.path;
        let problem = |what: &str| format!("{path} {what}.");
        if !file.conflict.can_be_resolved() {
            return Err(problem(
                "cannot be settled by saying what the file is to be",
            ));
        }
        let content = choose(number, file, help).map_err(|what| problem(&what))?;
        if !is_proposed(help, content.as_ref()) {
            made.by = ResolvedBy::Hand;
        }
        let mut result = None;
        if let Some((mode, bytes)) = content {
            check(file, &bytes).map_err(|refusal| problem(refusal.words()))?;
            let content = picket_domain::ContentId::from(Sha256::of(&bytes));
            made.contents.insert(content.clone(), bytes);
            result = Some(ResolvedContent { mode, content });
        }
        made.files.push(ResolvedFile {
            path: path.clone(),
            versions: file.conflict.versions.clone(),
            result,
        });
    }
    Ok(made)
}

fn is_proposed(help: &FileHelp, content: Option<&(FileMode, Vec<u8>)>) -> bool {
    let proposal = help.proposal.as_ref();
    proposal.is_some_and(|it| it.content.as_ref() == content.map(|(_, bytes)| bytes))
}

fn whole(file: &ConflictedFile, field: &str, fields: &Fields) -> Result<Content, String> {
    let versions = &file.conflict.versions;
    match fields.get(field).map(String::as_str) {
        Some("ours") => Ok(side(&versions.ours, &file.ours)),
        Some("theirs") => Ok(side(&versions.theirs, &file.theirs)),
        Some("delete") => Ok(None),
        Some("own") => match merged_mode(versions) {
            mode @ (FileMode::Plain | FileMode::Executable) => {
                Ok(Some((mode, own_text(file, field, fields)?)))
            }
            FileMode::Link | FileMode::Submodule => Err("is not a text".to_owned()),
        },
        _ => Err("is not decided: choose what it is to be".to_owned()),
    }
}

fn by_hunks(
    file: &ConflictedFile,
    help: &FileHelp,
    number: usize,
    fields: &Fields,
) -> Result<Content, String> {
    let mut choices = Vec::new();
    for (place, hunk) in help.hunks.iter().enumerate() {
        let field = hunk_field(number, place);
        choices.push(match fields.get(&field).map(String::as_str) {
            Some("ours") => HunkChoice::Ours,
            Some("theirs") => HunkChoice::Theirs,
            Some("proposal") if hunk.proposal.is_some() => HunkChoice::Proposal,
            Some("own") => HunkChoice::Text(own_text(file, &field, fields)?),
            _ => {
                let place = place + 1;
                return Err(format!(
                    "is not decided at its conflict {place}: choose one"
                ));
            }
        });
    }
    let content = assemble(file, &choices);
    let content = content.ok_or("cannot be put together of these choices")?;
    Ok(Some((merged_mode(&file.conflict.versions), content)))
}

/// A side's version of the file; a submodule's content is the name of its commit.
fn side(version: &Option<FileVersion>, content: &Option<Vec<u8>>) -> Content {
    let version = version.as_ref()?;
    let bytes = match content {
        Some(bytes) => bytes.clone(),
        None => version.blob.as_str().as_bytes().to_vec(),
    };
    Some((version.mode, bytes))
}

/// What a person typed. Browsers send every line break as CR LF, whatever the file has; and text
/// ends with a line break.
fn own_text(file: &ConflictedFile, field: &str, fields: &Fields) -> Result<Vec<u8>, String> {
    let text = fields.get(&format!("{field}_text"));
    let text = text.ok_or("is to have a text that did not arrive")?;
    if text.len() > MAX_TYPED {
        return Err(
            "is to have a text that is larger than 1 MiB: push a branch instead".to_owned(),
        );
    }
    let mut text = text.replace("\r\n", "\n");
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let sides = [&file.ours, &file.theirs];
    if sides.into_iter().flatten().any(|side| has_crlf(side)) {
        text = text.replace('\n', "\r\n");
    }
    Ok(text.into_bytes())
}

/// Whether a text's lines end in CR LF, all of them.
fn has_crlf(text: &[u8]) -> bool {
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').peekable();
    lines.peek().is_some() && lines.all(|line| line.ends_with(b"\r\n"))
}

/// The mode that the sides' modes merge to; where both changed it, ours.
fn merged_mode(versions: &Versions) -> FileMode {
    let [base, ours, theirs] = [&versions.base, &versions.ours, &versions.theirs]
        .map(|version| version.as_ref().map(|version| version.mode));
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if base == Some(ours) => theirs,
        (Some(mode), _) | (None, Some(mode)) => mode,
        (None, None) => FileMode::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_have_crlf_throughout_keep_it() {
        assert!(has_crlf(b"a\r\nb\r\n"));
        for text in [&b""[..], b"a\n", b"a\r\nb\n", b"a\r\nb"] {
            assert!(!has_crlf(text), "{text:?}");
        }
    }

    #[test]
    fn modes_merge_like_contents() {
        use FileMode::{Executable, Plain};
        let version = |mode| {
            let blob = picket_domain::BlobId::parse(&"a1".repeat(20)).unwrap();
            Some(FileVersion { mode, blob })
        };
        for (base, ours, theirs, merged) in [
            (Plain, Plain, Executable, Executable),
            (Plain, Executable, Plain, Executable),
            (Executable, Executable, Plain, Plain),
            (Plain, Plain, Plain, Plain),
        ] {
            let versions = Versions {
                base: version(base),
                ours: version(ours),
                theirs: version(theirs),
            };
            assert_eq!(merged_mode(&versions), merged);
            let alone = Versions {
                ours: None,
                ..versions
            };
            assert_eq!(merged_mode(&alone), theirs);
        }
    }
}
