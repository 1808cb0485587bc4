//! JSON as GitHub sends it: a text that was cut in the middle of an emoji ends in half of one, which
//! JSON can write and Rust's texts cannot hold.

use std::borrow::Cow;

/// The same JSON, with U+FFFD for halves of characters.
pub(crate) fn whole(json: &str) -> Cow<'_, str> {
    let mut whole = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        match unit(json, at) {
            Some(0xd800..=0xdbff) if matches!(unit(json, at + 6), Some(0xdc00..=0xdfff)) => {
                at += 12;
            }
            Some(0xd800..=0xdfff) => {
                whole.push_str(&json[kept..at]);
                whole.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            Some(_) => {
                at += 6;
            }
            // The backslash, and what it escapes.
            None => at += 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    whole.push_str(&json[kept..]);
    Cow::Owned(whole)
}

/// The code unit that is escaped at this place: `\ud83d`.
fn unit(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex
        .then(|| u32::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_all_else_stays() {
        for (json, expected) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (
                r#""\udd80\ud83e\udd80\ud83e""#,
                r#""\ufffd\ud83e\udd80\ufffd""#,
            ),
            (r#""\\ud83d \n \u00e9 é\"""#, r#""\\ud83d \n \u00e9 é\"""#),
            (r#""\ud8"#, r#""\ud8"#),
            (r#""\"#, r#""\"#),
            ("\"\\é\"", "\"\\é\""),
        ] {
            assert_eq!(whole(json), expected);
        }
    }
}
