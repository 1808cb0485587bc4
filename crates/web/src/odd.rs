//! Characters that make a text read otherwise than what a machine does with it: they turn the
//! direction of what follows, do not show, or look like other ones. Pages show them by their number.
//!
//! See Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities" (2021), and Unicode
//! Technical Standard 39 for what looks like what.

use std::borrow::Cow;
use std::ops::Range;

use unicode_security::confusable_detection::skeleton;

/// What is odd about a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Odd {
    /// It turns the direction of what follows.
    Turns,
    /// It takes no room, or does not show.
    Unseen,
    /// It is another kind of space, which programs take for a letter.
    Space,
    /// It looks like this letter or digit, and is another one.
    Like(char),
}

impl Odd {
    /// What there is to say about it: `turns the direction of what follows`.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Turns => "turns the direction of what follows".to_owned(),
            Self::Unseen => "does not show".to_owned(),
            Self::Space => "looks like a space, and is another character".to_owned(),
            Self::Like(letter) => format!("looks like “{letter}”, and is another letter"),
        }
    }
}

/// What is odd about a character whatever is around it. Line breaks and tabs are not.
fn odd(c: char) -> Option<Odd> {
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Odd::Turns)
        }
        '\n' | '\t' | '\r' => None,
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Odd::Unseen),
        c if c.is_control() => Some(Odd::Unseen),
        _ => None,
    }
}

/// Whether a character belongs to the pictograph before it, as in many texts that people write.
fn joins_pictographs(before: Option<char>, c: char) -> bool {
    let is_picture =
        |c: char| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}');
    matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') && before.is_some_and(is_picture)
}

/// Where a text has odd characters. In `code`, what looks like other characters is odd as well.
pub(crate) fn find(text: &str, code: bool) -> Vec<(Range<usize>, Odd)> {
    if text
        .bytes()
        .all(|byte| matches!(byte, b'\n' | b'\t' | b'\r' | b' '..=b'~'))
    {
        return Vec::new();
    }
    let mut before = None;
    let mut found: Vec<_> = text
        .char_indices()
        .filter_map(|(at, c)| {
            let joins = joins_pictographs(before.replace(c), c);
            let odd = match odd(c) {
                None if code && c != ' ' && c.is_whitespace() && !c.is_ascii() => Odd::Space,
                odd => odd.filter(|_| !joins)?,
            };
            Some((at..at + c.len_utf8(), odd))
        })
        .collect();
    if code {
        found.extend(look_alikes(text));
        found.sort_by_key(|(range, _)| range.start);
    }
    found
}

/// The letters of words which can be taken for words of ASCII letters alone.
fn look_alikes(text: &str) -> Vec<(Range<usize>, Odd)> {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut found = Vec::new();
    let mut rest = 0;
    for word in text.split_inclusive(|c| !is_of_word(c)) {
        let start = rest;
        rest += word.len();
        let word = word.trim_end_matches(|c| !is_of_word(c));
        if word.is_ascii() {
            continue;
        }
        let others = word.char_indices().filter(|(_, c)| !c.is_ascii());
        let likes: Option<Vec<_>> = others
            .map(|(at, c)| {
                let at = start + at;
                Some((at..at + c.len_utf8(), Odd::Like(looks_like(c)?)))
            })
            .collect();
        found.extend(likes.unwrap_or_default());
    }
    found
}

/// The ASCII letter or digit that a character cannot be told from.
fn looks_like(c: char) -> Option<char> {
    let text = c.encode_utf8(&mut [0; 4]).to_owned();
    let mut like = skeleton(&text);
    match (like.next(), like.next()) {
        (Some(like), None) if like.is_ascii_alphanumeric() => Some(like),
        _ => None,
    }
}

/// A page's text with each character that turns or does not show replaced by its number. This is
/// done to whole pages, so that no part is forgotten; what a browser must send back as it is stands
/// there as a numeric character reference, which this leaves alone: see [`filters::exact`].
pub(crate) fn told(html: &str) -> Cow<'_, str> {
    let found = find(html, false);
    if found.is_empty() {
        return html.into();
    }
    let mut told = String::with_capacity(html.len() + 8 * found.len());
    let mut done = 0;
    for (range, _) in found {
        told += &html[done..range.start];
        told += &format!("[{}]", number(&html[range.clone()]));
        done = range.end;
    }
    told += &html[done..];
    told.into()
}

/// `U+202E`
pub(crate) fn number(text: &str) -> String {
    let numbers = text.chars().map(|c| format!("U+{:04X}", u32::from(c)));
    numbers.collect::<Vec<_>>().join(" ")
}

#[expect(unreachable_pub, reason = "the types that the macro makes are public")]
pub(crate) mod filters {
    //! What templates do with texts that have such characters.

    use askama::filters::{Escaper as _, Html, Safe};

    use super::{find, number, odd};

    /// A piece of code, with its odd characters as marks that say what they are.
    #[askama::filter_fn]
    pub(crate) fn code(
        text: impl AsRef<str>,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        let text = text.as_ref();
        let mut html = String::with_capacity(text.len() + 16);
        let mut done = 0;
        for (range, odd) in find(text, true) {
            Html.write_escaped_str(&mut html, &text[done..range.start])?;
            let number = number(&text[range.clone()]);
            html += &format!(
                "<span class=\"odd\" title=\"{}\">{number}</span>",
                odd.words()
            );
            done = range.end;
        }
        Html.write_escaped_str(&mut html, &text[done..])?;
        Ok(Safe(html))
    }

    /// A text that the browser is to send back as it is: nothing in it is replaced.
    #[askama::filter_fn]
    pub(crate) fn exact(
        text: impl AsRef<str>,
        _: &dyn askama::Values,
    ) -> askama::Result<Safe<String>> {
        let mut html = String::new();
        for c in text.as_ref().chars() {
            match odd(c) {
                Some(_) => html += &format!("&#{};", u32::from(c)),
                None => Html.write_escaped_char(&mut html, c)?,
            }
        }
        Ok(Safe(html))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, as numbers and kinds.
    fn found(text: &str, code: bool) -> String {
        let found = find(text, code).into_iter();
        let found = found.map(|(range, odd)| format!("{} {odd:?}", number(&text[range])));
        found.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_turns_or_does_not_show_is_found_everywhere() {
        let trojan = "\"user\u{202e} \u{2066}// Check if admin\u{2069} \u{2066}\" {";
        let turns = "U+202E Turns, U+2066 Turns, U+2069 Turns, U+2066 Turns";
        assert_eq!(found(trojan, true), turns);
        assert_eq!(found(trojan, false), turns);
        assert_eq!(
            found("a\u{200b}b\u{feff}\u{1b}[2J", false),
            "U+200B Unseen, U+FEFF Unseen, U+001B Unseen"
        );
        assert_eq!(found("\u{e0041}", false), "U+E0041 Unseen");
        assert_eq!(found("a\r\n\tb — “ü”, naïve", true), "");
    }

    #[test]
    fn pictographs_keep_what_they_are_made_of() {
        assert_eq!(found("⚠\u{fe0f} 👩\u{200d}💻", false), "");
        assert_eq!(
            found("a\u{200d}b\u{fe0f}", false),
            "U+200D Unseen, U+FE0F Unseen"
        );
    }

    #[test]
    fn letters_that_look_like_ascii_are_found_in_words_that_could_be_ascii() {
        assert_eq!(
            found("\u{43e}penssl = \u{441}url", true),
            "U+043E Like('o'), U+0441 Like('c')"
        );
        assert_eq!(
            found("\u{430}\u{435}", true),
            "U+0430 Like('a'), U+0435 Like('e')"
        );
        assert_eq!(found("\u{43e}penssl", false), "");
        for honest in ["Андрей", "Jörg", "façade", "日本", "π"] {
            assert_eq!(found(honest, true), "", "{honest}");
        }
        assert_eq!(found("a\u{a0}b", true), "U+00A0 Space");
    }

    #[test]
    fn a_page_tells_numbers_and_leaves_references_alone() {
        assert_eq!(told("a\u{202e}b&#8238;"), "a[U+202E]b&#8238;");
        assert!(matches!(told("a ü b\n"), Cow::Borrowed(_)));
    }
}
