//! Files as sequences of line classes: two lines are of the same class exactly when their bytes,
//! line ending included, are the same.

use std::ops::Range;

use memchr::memchr_iter;
use rustc_hash::FxHashMap;

/// The class of a line, shared by all files of one [`Classes`].
pub(crate) type Class = u32;

/// Gives each distinct line a number, across several files.
#[derive(Default)]
pub(crate) struct Classes<'a> {
    of_line: FxHashMap<&'a [u8], Class>,
}

/// One file: its bytes, where its lines start, and the class of each.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    /// Offset of every line's first byte, and at the end the length of the text.
    starts: Vec<u32>,
    classes: Vec<Class>,
}

impl<'a> Classes<'a> {
    pub(crate) fn count(&self) -> usize {
        self.of_line.len()
    }

    /// Splits `text` into classified lines.
    pub(crate) fn lines(&mut self, text: &'a [u8]) -> Lines<'a> {
        self.lines_like(text, None)
    }

    /// As [`Classes::lines`], for a text that is much like `model`, whose lines are classified
    /// already: lines that follow `model`'s order are compared with it and not hashed.
    pub(crate) fn lines_like(&mut self, text: &'a [u8], model: Option<&Lines<'a>>) -> Lines<'a> {
        let mut lines = Lines {
            text,
            starts: starts(text),
            classes: Vec::new(),
        };
        lines.classes.reserve_exact(lines.len());
        let mut expected = 0;
        for number in 0..lines.len() {
            let line = lines.line(number);
            if let Some(model) = model
                && expected < model.len()
                && model.line(expected) == line
            {
                lines.classes.push(model.classes[expected]);
                expected += 1;
                continue;
            }
            let next = self.of_line.len();
            let class = *self
                .of_line
                .entry(line)
                .or_insert_with(|| Class::try_from(next).unwrap_or(Class::MAX));
            lines.classes.push(class);
            if let Some(model) = model {
                expected = resume(model, expected, class);
            }
        }
        lines
    }
}

/// How far ahead a lost line is looked for in the model.
const RESUME_WINDOW: usize = 48;

/// The line of `model` to expect after one of class `class`, when `expected` was not it.
fn resume(model: &Lines<'_>, expected: usize, class: Class) -> usize {
    let end = model.len().min(expected + RESUME_WINDOW);
    model.classes[expected.min(end)..end]
        .iter()
        .position(|other| *other == class)
        .map_or(expected, |ahead| expected + ahead + 1)
}

fn starts(text: &[u8]) -> Vec<u32> {
    let mut starts = Vec::with_capacity(text.len() / 24 + 2);
    starts.push(0);
    starts.extend(memchr_iter(b'\n', text).map(|at| offset(at + 1)));
    let end = offset(text.len());
    if starts.last() != Some(&end) {
        starts.push(end);
    }
    starts
}

/// Texts above git's own limit for text merges (1 GiB) never get here.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'a> Lines<'a> {
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn classes(&self) -> &[Class] {
        &self.classes
    }

    pub(crate) fn line(&self, number: usize) -> &'a [u8] {
        &self.text[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// The bytes of a run of lines.
    pub(crate) fn bytes(&self, lines: Range<usize>) -> &'a [u8] {
        &self.text[self.starts[lines.start] as usize..self.starts[lines.end] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_share_a_class_and_a_missing_newline_makes_another() {
        let mut classes = Classes::default();
        let one = classes.lines(b"a\nb\na\n");
        let two = classes.lines_like(b"x\na\nb\na", Some(&one));
        assert_eq!(one.classes(), [0, 1, 0]);
        assert_eq!(two.classes(), [2, 0, 1, 3]);
        assert_eq!(two.bytes(1..4), b"a\nb\na");
    }

    #[test]
    fn an_empty_text_has_no_lines() {
        assert_eq!(Classes::default().lines(b"").len(), 0);
    }
}
