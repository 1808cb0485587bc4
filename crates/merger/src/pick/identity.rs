//! Authors, as git's own check of objects takes them (`fsck_ident` in git's `fsck.c`).
//!
//! Whoever gets commits by a push may check them, as `receive.fsckObjects` says, and then one author
//! without a date ends all pushes. So a line that fails the check is mended; one that passes is kept to
//! the byte, whatever is in it.

use picket_domain::Timestamp;

/// The line of an author, `author Ada <ada@example.org> 1790000180 +0200` with its line break: as it
/// is, or mended; without a date of its own it gets `at`.
pub(super) fn author_line(line: &[u8], at: Timestamp) -> Vec<u8> {
    let identity = line.strip_prefix(b"author ").unwrap_or_default();
    let identity = identity.strip_suffix(b"\n").unwrap_or(identity);
    if is_sound(identity) {
        return [b"author ", identity, b"\n"].concat();
    }
    let (name, email) = name_and_email(identity);
    let date = date(identity).unwrap_or_else(|| format!("{} +0000", at.as_unix().max(0)).into());
    [b"author ", &name[..], b" <", &email, b"> ", &date, b"\n"].concat()
}

/// Whether git's check has nothing against it.
fn is_sound(identity: &[u8]) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b'<' | b'>' | 0);
    let Some(open) = identity.iter().position(is_mark) else {
        return false;
    };
    let (name, rest) = identity.split_at(open);
    let Some(rest) = rest.strip_prefix(b"<") else {
        return false;
    };
    let Some(close) = rest.iter().position(is_mark) else {
        return false;
    };
    let Some(date) = rest[close..].strip_prefix(b"> ") else {
        return false;
    };
    (name.is_empty() || name.ends_with(b" ")) && is_date(date)
}

/// `1790000180 +0200`
fn is_date(text: &[u8]) -> bool {
    let Some(space) = text.iter().position(|byte| *byte == b' ') else {
        return false;
    };
    let (seconds, zone) = (&text[..space], &text[space + 1..]);
    let is_padded = seconds.len() > 1 && seconds.starts_with(b"0");
    let seconds = std::str::from_utf8(seconds)
        .ok()
        .filter(|it| is_number(it.as_bytes()));
    let is_time = seconds.is_some_and(|it| it.parse::<i64>().is_ok());
    let is_zone = zone.len() == 5 && matches!(zone[0], b'+' | b'-') && is_number(&zone[1..]);
    is_time && !is_padded && is_zone
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// What stands before the first `<`, and what follows it, each without what is not allowed there.
fn name_and_email(identity: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let open = identity.iter().position(|byte| *byte == b'<');
    let (name, rest) = identity.split_at(open.unwrap_or(identity.len()));
    let rest = rest.split(|byte| *byte == b'>').next().unwrap_or_default();
    let allowed = |bytes: &[u8]| {
        let bytes = bytes.iter().filter(|byte| !matches!(byte, b'<' | b'>' | 0));
        bytes.copied().collect::<Vec<_>>()
    };
    let name = allowed(name).trim_ascii().to_vec();
    let name = if name.is_empty() {
        b"unknown".to_vec()
    } else {
        name
    };
    (name, allowed(rest).trim_ascii().to_vec())
}

/// The date at its end, if it has a sound one.
fn date(identity: &[u8]) -> Option<Vec<u8>> {
    let mut words = identity.rsplit(|byte| *byte == b' ');
    let (zone, seconds) = (words.next()?, words.next()?);
    let date = [seconds, b" ", zone].concat();
    is_date(&date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(identity: &str) -> String {
        let line = format!("author {identity}\n");
        let mended = author_line(line.as_bytes(), Timestamp::from_unix(1_790_000_000));
        let text = String::from_utf8(mended).unwrap();
        text.strip_prefix("author ").unwrap().trim_end().to_owned()
    }

    #[test]
    fn what_git_takes_is_kept_to_the_byte() {
        for sound in [
            "Ada Lovelace <ada@example.org> 1790000180 +0200",
            "  two  spaces  <a b@c> 0 -0730",
            "<only@example.org> 1 +0000",
            " <> 9223372036854775807 +9999",
        ] {
            assert_eq!(mended(sound), sound);
        }
        let latin = b"author Andr\xe9 <a@b> 1 +0000\n";
        assert_eq!(author_line(latin, Timestamp::from_unix(1)), latin);
    }

    #[test]
    fn what_git_refuses_is_mended() {
        for (odd, expected) in [
            ("A <a@b>", "A <a@b> 1790000000 +0000"),
            ("A <a@b>1 +0000", "A <a@b> 1790000000 +0000"),
            ("A<a@b> 1 +0000", "A <a@b> 1 +0000"),
            ("A <a@b> 1 0000", "A <a@b> 1790000000 +0000"),
            ("A <a@b> 01 +0000", "A <a@b> 1790000000 +0000"),
            ("A <a@b> -1 +0000", "A <a@b> 1790000000 +0000"),
            (
                "A <a@b> 99999999999999999999 +0000",
                "A <a@b> 1790000000 +0000",
            ),
            ("A > B <a<b> 1 +0000", "A  B <ab> 1 +0000"),
            ("nobody", "nobody <> 1790000000 +0000"),
            ("", "unknown <> 1790000000 +0000"),
        ] {
            assert_eq!(mended(odd), expected, "{odd:?}");
            assert_eq!(mended(expected), expected);
        }
    }
}
