//! Text from Nix and from builders, made fit to be kept and shown: bounded, and without what
//! would drive a terminal or turn a line's direction.

/// Longest message that is kept, in bytes.
pub const MESSAGE_MAX: usize = 4096;

/// The text without escape sequences, control characters (line feeds and tabs stay) and
/// characters that change the direction of what follows. Of a line that a progress bar wrote
/// over and over (`\r`), what stood last remains.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut line_start = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\r' if chars.peek().is_some_and(|next| *next != '\n') => out.truncate(line_start),
            '\n' => {
                out.push(c);
                line_start = out.len();
            }
            '\t' => out.push(c),
            c if c.is_control() || turns_direction(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Skips the rest of an escape sequence: CSI (`[ .. final`), OSC (`] .. BEL` or `] .. ESC \`), or
/// one character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => {
            chars.find(|c| ('@'..='~').contains(c));
        }
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next();
                    break;
                }
            }
        }
        _ => {}
    }
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first `max` bytes at most, marked where cut.
pub fn head(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max.saturating_sub(CUT.len()));
    format!("{}{CUT}", &text[..end])
}

const CUT: &str = "\n[..]";

/// The last `max` bytes at most, from the beginning of a line where there is one.
pub fn tail(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = &text[text.ceil_char_boundary(text.len() - max)..];
    match end.split_once('\n') {
        Some((_, lines)) if !lines.is_empty() => lines,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_removed() {
        assert_eq!(clean("\u{1b}[31;1merror:\u{1b}[0m bad\n"), "error: bad\n");
        assert_eq!(clean("a\u{1b}]0;title\u{7}b\u{1b}]8;;x\u{1b}\\c"), "abc");
        assert_eq!(clean("a\0b\u{8}c\u{7f}d\u{9b}31m"), "abcd31m");
        assert_eq!(clean("user\u{202e}txt.exe"), "usertxt.exe");
        assert_eq!(clean("tab\tstays\n"), "tab\tstays\n");
        assert_eq!(clean("cut off \u{1b}["), "cut off ");
    }

    #[test]
    fn a_progress_bar_leaves_its_last_state() {
        assert_eq!(clean("one\n10%\r50%\r100%\ntwo"), "one\n100%\ntwo");
        assert_eq!(clean("dos\r\nlines\r\n"), "dos\nlines\n");
    }

    #[test]
    fn bounds_hold_and_do_not_split_characters() {
        assert_eq!(tail("one\ntwo\nthree", 8), "three");
        assert_eq!(tail("one\ntwo\n", 100), "one\ntwo\n");
        assert_eq!(tail("äöü", 3), "ü");
        assert!(head(&"ä".repeat(100), 51).len() <= 51);
        assert!(head(&"ä".repeat(100), 51).ends_with("[..]"));
        assert_eq!(head("short", 51), "short");
    }
}
