//! What `nix repl` prints: a value that is a text, in one line.

/// The text of a printed value: `"..."` with quotes, backslashes, dollars and line feeds escaped,
/// and a colour's escape sequences around it. `None`: the line is no printed text, but the prompt
/// with what was asked, or an empty line.
pub(super) fn text_of(line: &str) -> Option<String> {
    let line = without_colour(line.trim_end_matches(['\r', '\n']));
    let quoted = line.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            },
            other => other,
        });
    }
    Some(text)
}

fn without_colour(line: &str) -> &str {
    const END: &str = "\u{1b}[0m";
    let Some(coloured) = line.strip_prefix("\u{1b}[") else {
        return line;
    };
    let rest = coloured.split_once('m').map_or(line, |(_, rest)| rest);
    rest.strip_suffix(END).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_text_is_what_it_was() {
        let lines = [
            "\u{1b}[35;1m\"a\\nb\\\"c\\\\d${x} \\t é\"\u{1b}[0m",
            "\u{1b}[35;1m\"a\\nb\\\"c\\\\d\\${x} \\t é\"\u{1b}[0m",
            "\"a\\nb\\\"c\\\\d${x} \\t é\"",
        ];
        for line in lines {
            assert_eq!(
                text_of(line).as_deref(),
                Some("a\nb\"c\\d${x} \t é"),
                "{line}"
            );
        }
        assert_eq!(
            text_of("\u{1b}[35;1m\"\u{1b}[31m\"\u{1b}[0m\n").as_deref(),
            Some("\u{1b}[31m")
        );
    }

    #[test]
    fn what_was_asked_is_no_answer() {
        for line in [
            "",
            "\n",
            "nix-repl> \"marker\"",
            "\u{1b}[36;1m5\u{1b}[0m",
            "\"cut off\\",
        ] {
            assert_eq!(text_of(line), None, "{line:?}");
        }
    }
}
