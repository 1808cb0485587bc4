//! One attribute file: lines of a pattern and what files that match it have.

use std::collections::HashMap;

use super::pattern::Pattern;

/// Longer lines are ignored, as by git.
const MAX_LINE: usize = 2048;
/// Larger files are ignored, as by git.
const MAX_FILE: usize = 100 << 20;
const MACRO: &[u8] = b"[attr]";
const BLANK: [u8; 4] = *b" \t\r\n";

/// An attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    True,
    False,
    Unset,
    Text(Vec<u8>),
}

/// Attributes and their values, in the order of a line.
type Settings = Vec<(Vec<u8>, Value)>;

/// A name for several attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Macro {
    name: Vec<u8>,
    settings: Settings,
}

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    rules: Vec<(Pattern, Settings)>,
    macros: Vec<Macro>,
}

enum Line {
    Rule(Pattern, Settings),
    Macro(Macro),
}

impl File {
    /// Reads a file; `macros` says whether it may define any.
    pub(super) fn parse(text: &[u8], macros: bool) -> Self {
        let mut file = Self::default();
        if text.len() >= MAX_FILE {
            return file;
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in text.split(|byte| *byte == b'\n') {
            match parse_line(line, macros) {
                Some(Line::Rule(pattern, settings)) => file.rules.push((pattern, settings)),
                Some(Line::Macro(new)) => file.macros.push(new),
                None => {}
            }
        }
        file
    }

    /// The macros, the one that counts of each name first.
    pub(super) fn macros(&self) -> impl Iterator<Item = &Macro> {
        self.macros.iter().rev()
    }

    /// Adds what the file says of `path` and what is not known yet.
    pub(super) fn apply<'f>(
        &'f self,
        path: &[u8],
        macros: &[&'f Macro],
        values: &mut HashMap<&'f [u8], Value>,
    ) {
        for (pattern, settings) in self.rules.iter().rev() {
            if pattern.matches(path) {
                fill(settings, macros, values);
            }
        }
    }
}

fn fill<'f>(
    settings: &'f [(Vec<u8>, Value)],
    macros: &[&'f Macro],
    values: &mut HashMap<&'f [u8], Value>,
) {
    for (name, value) in settings.iter().rev() {
        if values.contains_key(name.as_slice()) {
            continue;
        }
        values.insert(name, value.clone());
        if *value != Value::True {
            continue;
        }
        if let Some(found) = macros.iter().find(|found| found.name == *name) {
            fill(&found.settings, macros, values);
        } else if name == b"binary" {
            for name in [&b"text"[..], b"merge", b"diff"] {
                values.entry(name).or_insert(Value::False);
            }
        }
    }
}

fn parse_line(line: &[u8], macros: bool) -> Option<Line> {
    let line = skip_blank(line);
    if line.is_empty() || line[0] == b'#' || line.len() >= MAX_LINE {
        return None;
    }
    let (pattern, rest) = match unquote(line) {
        Some(unquoted) => unquoted,
        None => {
            let (pattern, rest) = word(line);
            (pattern.to_vec(), rest)
        }
    };
    if pattern.len() > MACRO.len() && pattern.starts_with(MACRO) {
        let name = pattern[MACRO.len()..].to_vec();
        let settings = parse_settings(rest)?;
        return (macros && is_name(&name)).then_some(Line::Macro(Macro { name, settings }));
    }
    Some(Line::Rule(Pattern::parse(&pattern)?, parse_settings(rest)?))
}

/// A line with anything in it that is no attribute is ignored as a whole.
fn parse_settings(text: &[u8]) -> Option<Settings> {
    let mut settings = Vec::new();
    let mut rest = skip_blank(text);
    while !rest.is_empty() {
        let (setting, after) = word(rest);
        rest = skip_blank(after);
        let (name, text) = match setting.iter().position(|byte| *byte == b'=') {
            Some(equals) => (&setting[..equals], Some(&setting[equals + 1..])),
            None => (setting, None),
        };
        let (name, value) = match (name.first(), text) {
            (Some(b'-'), _) => (&name[1..], Value::False),
            (Some(b'!'), _) => (&name[1..], Value::Unset),
            (_, Some(text)) => (name, Value::Text(text.to_vec())),
            (_, None) => (name, Value::True),
        };
        if !is_name(name) {
            return None;
        }
        settings.push((name.to_vec(), value));
    }
    Some(settings)
}

fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    !name.is_empty()
        && name[0] != b'-'
        && name.iter().all(allowed)
        && !name.starts_with(b"builtin_")
}

fn skip_blank(text: &[u8]) -> &[u8] {
    let start = text
        .iter()
        .position(|byte| !BLANK.contains(byte))
        .unwrap_or(text.len());
    &text[start..]
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| BLANK.contains(byte))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A pattern in double quotes with C's escapes, and the rest of the line.
fn unquote(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = line.strip_prefix(b"\"")?;
    let mut text = Vec::new();
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((text, rest)),
            b'\\' => {
                let (escape, after) = rest.split_first()?;
                rest = after;
                text.push(match escape {
                    b'a' => 7,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'v' => 11,
                    b'\\' | b'"' => *escape,
                    b'0'..=b'3' => {
                        let digits = rest.get(..2)?;
                        rest = &rest[2..];
                        digits.iter().try_fold(escape - b'0', |value, digit| {
                            matches!(digit, b'0'..=b'7').then(|| value * 8 + (digit - b'0'))
                        })?
                    }
                    _ => return None,
                });
            }
            byte => text.push(*byte),
        }
    }
}
