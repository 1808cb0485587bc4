//! Patterns of attribute files: shell patterns in which `*` and `?` stay within one part of a
//! path and `**` does not.

/// The pattern of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: Vec<u8>,
    /// Without a slash, it is for names in any directory.
    name_only: bool,
    /// With a slash at its end, it is for directories, which have no attributes.
    directory: bool,
}

impl Pattern {
    /// Negative patterns do not exist here.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if text.first() == Some(&b'!') {
            return None;
        }
        let (text, directory) = match text.strip_suffix(b"/") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let name_only = !text.contains(&b'/');
        let text = text.strip_prefix(b"/").unwrap_or(text).to_vec();
        Some(Self {
            text,
            name_only,
            directory,
        })
    }

    /// Whether it matches the file at `path`, as seen from the attribute file.
    pub(super) fn matches(&self, path: &[u8]) -> bool {
        if self.directory {
            return false;
        }
        if self.name_only {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
            return matches(&self.text, name, true, false);
        }
        matches(&self.text, path, true, true)
    }
}

/// Whether all of `text` matches. `boundary`: the pattern's start is that of a path or of one of
/// its parts. `parts`: slashes divide the text into parts.
fn matches(pattern: &[u8], text: &[u8], boundary: bool, parts: bool) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    if *first == b'*' {
        return matches_star(pattern, text, boundary, parts);
    }
    let Some((letter, text)) = text.split_first() else {
        return false;
    };
    let (found, rest) = match *first {
        b'?' => (!(parts && *letter == b'/'), rest),
        b'[' => match Set::parse(rest) {
            Some((set, rest)) => (!(parts && *letter == b'/') && set.holds(*letter), rest),
            None => return false,
        },
        b'\\' => match rest.split_first() {
            Some((literal, rest)) => (letter == literal, rest),
            None => return false,
        },
        literal => (*letter == literal, rest),
    };
    found && matches(rest, text, *letter == b'/', parts)
}

fn matches_star(pattern: &[u8], text: &[u8], boundary: bool, parts: bool) -> bool {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let rest = &pattern[stars..];
    let ends_part = rest.is_empty() || rest[0] == b'/' || rest.starts_with(b"\\/");
    let whole_parts = parts && stars > 1 && boundary && ends_part;
    if whole_parts
        && let Some(after) = rest.strip_prefix(b"/")
        && matches(after, text, true, parts)
    {
        return true;
    }
    let deep = whole_parts || !parts;
    if rest.is_empty() {
        return deep || !text.contains(&b'/');
    }
    let reach = if deep {
        text.len()
    } else {
        text.iter()
            .position(|byte| *byte == b'/')
            .unwrap_or(text.len())
    };
    (0..=reach).any(|taken| matches(rest, &text[taken..], false, parts))
}

/// A set of letters in brackets.
struct Set<'p> {
    negated: bool,
    ranges: Vec<(u8, u8)>,
    classes: Vec<&'p [u8]>,
}

impl<'p> Set<'p> {
    /// The set that begins after the bracket, and the pattern after it.
    fn parse(pattern: &'p [u8]) -> Option<(Self, &'p [u8])> {
        let negated = matches!(pattern.first(), Some(b'!' | b'^'));
        let mut rest = &pattern[usize::from(negated)..];
        let mut set = Self {
            negated,
            ranges: Vec::new(),
            classes: Vec::new(),
        };
        let mut previous = None;
        let mut empty = true;
        loop {
            let (letter, after) = rest.split_first()?;
            rest = after;
            match letter {
                b']' if !empty => return Some((set, rest)),
                b'\\' => {
                    let (literal, after) = rest.split_first()?;
                    rest = after;
                    set.ranges.push((*literal, *literal));
                    previous = Some(*literal);
                }
                b'-' if previous.is_some() && !matches!(rest.first(), None | Some(b']')) => {
                    let escaped = usize::from(rest[0] == b'\\');
                    let last = *rest.get(escaped)?;
                    rest = &rest[escaped + 1..];
                    set.ranges
                        .extend(previous.take().map(|first| (first, last)));
                }
                b'[' if rest.first() == Some(&b':') => {
                    let end = rest[1..].iter().position(|byte| *byte == b']')? + 1;
                    if end > 1 && rest[end - 1] == b':' {
                        set.classes.push(&rest[1..end - 1]);
                        rest = &rest[end + 1..];
                        previous = None;
                    } else {
                        set.ranges.push((b'[', b'['));
                        previous = Some(b'[');
                    }
                }
                literal => {
                    set.ranges.push((*literal, *literal));
                    previous = Some(*literal);
                }
            }
            empty = false;
        }
    }

    fn holds(&self, letter: u8) -> bool {
        let in_range = self
            .ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&letter));
        // A class that does not exist makes the whole set match nothing.
        let mut in_class = false;
        for class in &self.classes {
            match holds_class(class, letter) {
                Some(holds) => in_class |= holds,
                None => return false,
            }
        }
        (in_range || in_class) != self.negated
    }
}

fn holds_class(class: &[u8], letter: u8) -> Option<bool> {
    Some(match class {
        b"alnum" => letter.is_ascii_alphanumeric(),
        b"alpha" => letter.is_ascii_alphabetic(),
        b"blank" => matches!(letter, b' ' | b'\t'),
        b"cntrl" => letter.is_ascii_control(),
        b"digit" => letter.is_ascii_digit(),
        b"graph" => letter.is_ascii_graphic(),
        b"lower" => letter.is_ascii_lowercase(),
        b"print" => letter.is_ascii_graphic() || letter == b' ',
        b"punct" => letter.is_ascii_punctuation(),
        b"space" => letter.is_ascii_whitespace() || letter == 0x0b,
        b"upper" => letter.is_ascii_uppercase(),
        b"xdigit" => letter.is_ascii_hexdigit(),
        _ => return None,
    })
}
