//! A patch as people read it.

use picket_treemerge::{Objects, Version};

use super::{Compared, Sign, kind, octal};
use crate::error::Result;
use picket_mirror::Change;

/// How long a patch's text may be, in bytes, without its last line where that says that it is cut.
const MAX_TEXT: usize = 64 << 10;
const CUT: &str = "... the rest is not shown\n";

/// What `git diff --no-renames` prints, but no numbers of lines: a text for the patch wherever it
/// applies. Bytes that are not UTF-8 are shown as U+FFFD.
pub(crate) fn text(objects: &impl Objects, changes: &[Change]) -> Result<String> {
    let mut text = Text::default();
    for change in changes {
        if text.is_full() {
            break;
        }
        match (change.old, change.new) {
            (Some(old), Some(new)) if kind(old.mode) != kind(new.mode) => {
                for (old, new) in [(Some(old), None), (None, Some(new))] {
                    let path = change.path.clone();
                    file(&mut text, objects, &Change { path, old, new })?;
                }
            }
            _ => file(&mut text, objects, change)?,
        }
    }
    Ok(text.finish())
}

fn file(text: &mut Text, objects: &impl Objects, change: &Change) -> Result<()> {
    let [a, b] = ["a/", "b/"].map(|side| quoted(side, &change.path));
    text.line(&format!("diff --git {a} {b}"));
    let (old, new) = (octal(change.old), octal(change.new));
    match (change.old, change.new) {
        (Some(_), Some(_)) if old == new => {}
        (Some(_), Some(_)) => {
            text.line(&format!("old mode {old}"));
            text.line(&format!("new mode {new}"));
        }
        (None, _) => text.line(&format!("new file mode {new}")),
        (_, None) => text.line(&format!("deleted file mode {old}")),
    }
    if change.old.map(|it| it.id) == change.new.map(|it| it.id) {
        return Ok(());
    }
    let side =
        |version: Option<Version>, path: String| version.map_or("/dev/null".into(), |_| path);
    let (a, b) = (side(change.old, a), side(change.new, b));
    match Compared::of(objects, change)? {
        Compared::Whole => {
            let id = |version: Option<Version>| {
                version.map_or_else(|| "0".repeat(40), |version| version.id.to_string())
            };
            text.line(&format!("index {}..{}", id(change.old), id(change.new)));
            text.line(&format!("Binary files {a} and {b} differ"));
        }
        Compared::Texts(texts) => {
            let mut is_first = true;
            for texts in &texts {
                texts.lines(|sign, line| {
                    if std::mem::take(&mut is_first) {
                        text.line(&format!("--- {a}\n+++ {b}"));
                    }
                    text.signed(sign, line);
                })?;
            }
        }
    }
    Ok(())
}

/// A path as git's patches write it: in quotes, with escapes, where it has bytes that would make it
/// look like something else.
fn quoted(side: &str, path: &[u8]) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
    match std::str::from_utf8(path) {
        Ok(path) if path.chars().all(is_plain) => format!("{side}{path}"),
        _ => {
            let mut text = format!("\"{side}");
            for byte in path {
                match byte {
                    b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
                    b'\n' => text += "\\n",
                    b'\t' => text += "\\t",
                    b' '..=b'~' => text.push(char::from(*byte)),
                    byte => text += &format!("\\{byte:03o}"),
                }
            }
            text + "\""
        }
    }
}

/// A text that stops growing at its limit.
#[derive(Default)]
struct Text {
    text: String,
    is_cut: bool,
}

impl Text {
    fn is_full(&self) -> bool {
        self.is_cut
    }

    fn line(&mut self, line: &str) {
        self.is_cut |= self.text.len() + line.len() + 1 > MAX_TEXT;
        if !self.is_cut {
            self.text += line;
            self.text.push('\n');
        }
    }

    fn signed(&mut self, sign: Sign, line: &[u8]) {
        let before = match sign {
            Sign::Begin => return self.line("@@"),
            Sign::NoBreak => return self.line("\\ No newline at end of file"),
            Sign::Context => ' ',
            Sign::Removed => '-',
            Sign::Added => '+',
        };
        // No use in decoding a line that is longer than the whole text may be.
        let start = &line[..line.len().min(MAX_TEXT)];
        let line = String::from_utf8_lossy(start.strip_suffix(b"\n").unwrap_or(start));
        self.line(&format!("{before}{line}"));
    }

    fn finish(mut self) -> String {
        if self.is_cut {
            self.text += CUT;
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_pass_for_lines() {
        assert_eq!(quoted("a/", "pkgs/ü x".as_bytes()), "a/pkgs/ü x");
        assert_eq!(quoted("a/", b"x\n+y"), r#""a/x\n+y""#);
        assert_eq!(quoted("b/", b"caf\xe9 \"\x1b\\"), r#""b/caf\351 \"\033\\""#);
    }
}
