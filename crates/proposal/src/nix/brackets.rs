//! Brackets, in texts that are parts of a file.

/// Whether the text closes every bracket that it opens, and no other. Quotes are not looked at:
/// whoever must be sure parses the whole.
pub(crate) fn balance(text: &[u8]) -> bool {
    let mut open = Vec::new();
    let mut rest = text;
    while let Some((byte, more)) = rest.split_first() {
        rest = more;
        match byte {
            b'(' | b'[' | b'{' => open.push(*byte),
            b')' if open.pop() != Some(b'(') => return false,
            b']' if open.pop() != Some(b'[') => return false,
            b'}' if open.pop() != Some(b'{') => return false,
            b'\'' if more.first() == Some(&b'\'') => {
                rest = &more[1..];
                match open.last() {
                    Some(b'\'') => {
                        open.pop();
                    }
                    _ => open.push(b'\''),
                }
            }
            _ => {}
        }
    }
    open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_must_be_closed() {
        for text in ["", "a b", "{ a = [ (b) ]; }", "x = ''\n  ${y}\n'';"] {
            assert!(balance(text.as_bytes()), "{text}");
        }
        for text in ["{", "]", "[ ( ] )", "'' + a", "${a}}", "})"] {
            assert!(!balance(text.as_bytes()), "{text}");
        }
    }
}
