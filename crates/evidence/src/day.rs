//! Days, as files write them.

/// `2025-08-25`; `None` for any other text.
pub(crate) fn day(text: &str) -> Option<String> {
    let is_day = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_day.then(|| text.to_owned())
}
