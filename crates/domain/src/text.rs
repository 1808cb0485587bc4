//! Texts from GitHub and git: anybody may have written them.

/// A title, subject, name or label has at most this many characters.
pub const MAX_LINE: usize = 300;
/// A path has at most this many characters.
pub const MAX_PATH: usize = 1024;
/// A description has at most this many bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// One line: what would break the line, steer a terminal or turn the reading direction round is
/// shown as U+FFFD.
pub fn line(text: &str, max_chars: usize) -> String {
    let mut chars = text.trim().chars();
    let mut line: String = chars.by_ref().take(max_chars).map(tame).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// A text of many lines, with `\n` between them. NUL, which PostgreSQL does not take, and other
/// control characters are shown as U+FFFD.
pub fn body(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut body = String::new();
    for char in text.chars() {
        let char = match char {
            '\n' | '\t' => char,
            other => tame(other),
        };
        if body.len() + char.len_utf8() > MAX_BODY {
            break;
        }
        body.push(char);
    }
    body
}

fn tame(char: char) -> char {
    // Embeddings, overrides and isolates make code read differently from what it does.
    let turns_text_round = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if char.is_control() || turns_text_round {
        char::REPLACEMENT_CHARACTER
    } else {
        char
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines() {
        assert_eq!(line(" a\nb\u{1b}[31m\u{202e} ", 300), "a�b�[31m�");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("abcd", 4), "abcd");
    }

    #[test]
    fn bodies_keep_their_lines_and_end_somewhere() {
        assert_eq!(body("a\r\nb\tc\0"), "a\nb\tc�");
        let long = body(&"ü".repeat(MAX_BODY));
        assert_eq!(long.len(), MAX_BODY);
    }
}
