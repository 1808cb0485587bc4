//! Texts that others wrote, as parts of a comment.

use crate::text;

/// A text as a code span of one line, of so many characters at most: in it there is no Markdown, no
/// HTML, and nothing that GitHub makes a link or a mention of.
///
/// What could end the span, or does not show, is replaced.
pub(super) fn code(text: &str, max_chars: usize) -> String {
    let line = text::line(text, max_chars);
    let tame = line.chars().map(|char| match char {
        '`' => '\'',
        // Separators, joiners, marks of direction, and what else takes no room.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}' => char::REPLACEMENT_CHARACTER,
        other => other,
    });
    let tame: String = tame.collect();
    match tame.trim() {
        "" => "`?`".to_owned(),
        tame => format!("`{tame}`"),
    }
}

/// At most so many of them, as code spans; the others are counted.
pub(super) fn list<'a>(
    all: impl ExactSizeIterator<Item = &'a str>,
    most: usize,
    max_chars: usize,
) -> String {
    let others = all.len().saturating_sub(most);
    let shown: Vec<_> = all.take(most).map(|it| code(it, max_chars)).collect();
    match others {
        0 => shown.join(", "),
        others => format!("{} and {others} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_code_span() {
        for (hostile, expected) in [
            ("@NixOS/security", "`@NixOS/security`"),
            ("a`<b>`` @x", "`a'<b>'' @x`"),
            ("``", "`''`"),
            (" \n- #1\r\n<!-- ", "`- #1��<!--`"),
            ("a\u{202e}b\u{200b}c\u{2028}d", "`a�b�c�d`"),
            ("", "`?`"),
            ("\u{2003}", "`?`"),
            ("abcdef", "`abc…`"),
        ] {
            let max = if hostile == "abcdef" { 4 } else { 40 };
            assert_eq!(code(hostile, max), expected, "{hostile:?}");
        }
    }

    #[test]
    fn a_list_has_an_end() {
        let all = ["a", "b", "c"];
        assert_eq!(list(all.into_iter(), 3, 9), "`a`, `b`, `c`");
        assert_eq!(list(all.into_iter(), 1, 9), "`a` and 2 more");
    }
}
