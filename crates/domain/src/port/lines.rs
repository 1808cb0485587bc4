//! The lines of a Markdown text in which its author speaks.

/// A description says what it is about at its beginning. Bytes.
const MAX_READ: usize = 16 * 1024;

/// The lines that are neither quoted nor code, nor of a list, a table or a comment.
pub(super) fn spoken(body: &str) -> impl Iterator<Item = &str> {
    let mut reader = Reader::default();
    let read = &body[..body.floor_char_boundary(MAX_READ)];
    read.lines().filter(move |line| reader.is_spoken(line))
}

/// Where in the text it is.
#[derive(Default)]
struct Reader {
    /// How the block of code that it is in began: with this, so often.
    fence: Option<(char, usize)>,
    is_comment: bool,
}

impl Reader {
    fn is_spoken(&mut self, line: &str) -> bool {
        if self.is_comment {
            self.is_comment = !line.contains("-->");
            return false;
        }
        let text = line.trim_start_matches(' ');
        let mark = fence(text);
        if let Some((char, length)) = self.fence {
            let ends = mark.is_some_and(|(it, longer)| it == char && longer >= length);
            if ends {
                self.fence = None;
            }
            return false;
        }
        self.fence = mark;
        if let Some(at) = line.rfind("<!--") {
            self.is_comment = !line[at..].contains("-->");
            return false;
        }
        let is_code = line.starts_with("    ") || line.starts_with('\t');
        mark.is_none() && !is_code && !is_of_a_list(text)
    }
}

/// The mark that begins and ends a block of code, and its length.
fn fence(text: &str) -> Option<(char, usize)> {
    let char = text.chars().next().filter(|it| matches!(it, '`' | '~'))?;
    let length = text.chars().take_while(|it| *it == char).count();
    (length >= 3).then_some((char, length))
}

/// Items of lists, quotations and tables: what they say is about something else.
fn is_of_a_list(text: &str) -> bool {
    let after = text.trim_start_matches(|it: char| it.is_ascii_digit());
    let is_numbered = after.len() < text.len() && after.starts_with(['.', ')']);
    is_numbered || text.starts_with(['>', '|', '-', '*', '+', '`'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_author_says_is_read() {
        let text = "said\n> quoted\n- of a list\n2. too\n```nix\n- code\nhidden\n```\n    indented\n\
            <!-- a comment\nof lines\n--> its end\n## heading\n~~~~\n~~~\n````\nhidden\n~~~~~\nsaid, too\n\
            a <!-- remark --> in a line\n| table |\n`code`";
        let lines: Vec<_> = spoken(text).collect();
        assert_eq!(lines, ["said", "## heading", "said, too"]);
    }

    #[test]
    fn a_long_text_is_read_at_its_beginning() {
        let long = format!("{}\nlast", "ü".repeat(MAX_READ));
        assert_eq!(spoken(&long).count(), 1);
        let open = format!("```\n{}", "x\n".repeat(MAX_READ));
        assert_eq!(spoken(&open).count(), 0);
    }
}
