//! Whether what is to be signed is well formed, whatever was signed before.

use picket_publisher::{Fingerprint, Latest, Manifest};
use picket_releaselog::{Entry, Origin};

use crate::protocol::PATHS_MAX;

/// What is not well formed, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) why: String,
}

/// Store paths, a fingerprint a line, each path once or in the same way.
pub(crate) fn paths<'a>(
    body: &'a [u8],
    store_dir: &str,
) -> Result<Vec<Fingerprint>, Malformed<'a>> {
    let malformed = |why: String| Malformed { bytes: body, why };
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let lines: Vec<_> = lines.take(PATHS_MAX + 1).collect();
    if lines.len() > PATHS_MAX {
        return Err(malformed(format!(
            "more than {PATHS_MAX} store paths at once"
        )));
    }
    let read = lines.into_iter().map(|line| path(line, store_dir));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    let mut sorted: Vec<_> = read.iter().collect();
    sorted.sort_by_key(|it| it.path().hash_part());
    let is_two = |pair: &&[&Fingerprint]| {
        pair[0].path().hash_part() == pair[1].path().hash_part() && pair[0] != pair[1]
    };
    match sorted.windows(2).find(is_two) {
        Some(pair) => Err(malformed(format!(
            "{} is there twice, with two contents",
            pair[1].path()
        ))),
        None => Ok(read),
    }
}

fn path<'a>(line: &'a [u8], store_dir: &str) -> Result<Fingerprint, Malformed<'a>> {
    let text = std::str::from_utf8(line).map_err(|_| "it is no text".to_owned());
    let read = text.and_then(|text| {
        let text = text.strip_suffix('\n').ok_or("its line has no end")?;
        Fingerprint::parse(store_dir, text)
    });
    read.map_err(|why| Malformed {
        bytes: line,
        why: format!("this is no fingerprint of a store path: {why}"),
    })
}

/// A release's `release.json`. Every byte is one that this version of Picket writes: there is no room for
/// anything else, such as the fields of a statement.
pub(crate) fn release(bytes: &[u8]) -> Result<Manifest, Malformed<'_>> {
    let manifest = Manifest::parse(bytes).map_err(|why| Malformed { bytes, why })?;
    if manifest.to_bytes() != bytes {
        return Err(otherwise_written(bytes, "release.json"));
    }
    let number = manifest.name.as_str().rsplit('.').nth(1);
    if number != Some(&manifest.seq.to_string()) {
        let why = format!(
            "its name is {}, and its number {}",
            manifest.name, manifest.seq
        );
        return Err(Malformed { bytes, why });
    }
    Ok(manifest)
}

/// What a release log grew to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrownLog {
    pub(crate) origin: Origin,
    /// The number of the first of the entries.
    pub(crate) start: usize,
    pub(crate) entries: Vec<Entry>,
}

/// A log: its origin, the number of the first entry that is given, and the entries from there on to its
/// end, a line each.
pub(crate) fn log(body: &[u8]) -> Result<GrownLog, Malformed<'_>> {
    let malformed = |why: String| Malformed { bytes: body, why };
    let read = || {
        let text = body.strip_suffix(b"\n").ok_or("its last line has no end")?;
        let mut lines = text.split(|byte| *byte == b'\n');
        let mut head = || {
            let line = lines.next().unwrap_or_default();
            std::str::from_utf8(line).map_err(|_| "it is no text")
        };
        let (origin, start) = (Origin::parse(head()?)?, head()?);
        let start = start
            .parse()
            .ok()
            .filter(|it: &usize| it.to_string() == start);
        Ok::<_, String>(GrownLog {
            origin,
            start: start.ok_or("its second line is no number")?,
            entries: lines.map(Entry::parse).collect::<Result<_, _>>()?,
        })
    };
    read().map_err(malformed)
}

/// A statement of which release is current, likewise.
pub(crate) fn latest(bytes: &[u8]) -> Result<Latest, Malformed<'_>> {
    let latest = Latest::parse(bytes).map_err(|why| Malformed { bytes, why })?;
    if latest.to_bytes() == bytes {
        return Ok(latest);
    }
    Err(otherwise_written(bytes, "latest.json"))
}

fn otherwise_written<'a>(bytes: &'a [u8], file: &str) -> Malformed<'a> {
    let why = format!(
        "{file} is not as this version of Picket writes it; the service and its signer have to be of one \
         version: restart both"
    );
    Malformed { bytes, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, fingerprint, latest as statement, manifest};

    fn refused<T: std::fmt::Debug>(read: Result<T, Malformed<'_>>) -> String {
        read.unwrap_err().why
    }

    fn body(of: &[Fingerprint]) -> Vec<u8> {
        crate::protocol::paths_body(of)
    }

    #[test]
    fn paths_are_lines() {
        let of = [
            fingerprint("a", b"1"),
            fingerprint("b", b"2"),
            fingerprint("a", b"1"),
        ];
        assert_eq!(paths(&body(&of), "/nix/store").unwrap(), of);
        assert_eq!(paths(b"", "/nix/store"), Ok(Vec::new()));
        assert!(refused(paths(&body(&of), "/gnu/store")).contains("is not in /gnu/store"));
        let two = [
            fingerprint("a", b"1"),
            fingerprint("b", b"2"),
            fingerprint("a", b"3"),
        ];
        assert!(refused(paths(&body(&two), "/nix/store")).contains("twice"));
        let cut = body(&of);
        assert!(refused(paths(&cut[..cut.len() - 1], "/nix/store")).contains("no end"));
        let many = body(&of[..1]).repeat(PATHS_MAX + 1);
        assert!(refused(paths(&many, "/nix/store")).contains("at once"));
    }

    /// What each kind of question takes, the others refuse; and raw bytes are refused by all.
    #[test]
    fn no_kind_is_taken_for_another() {
        let path = body(&[fingerprint("a", b"1")]);
        let (release_json, latest_json) = (manifest(3).to_bytes(), statement(3, NOW).to_bytes());
        assert!(release(&release_json).is_ok() && latest(&latest_json).is_ok());
        for bytes in [
            &release_json,
            &latest_json,
            &b"GET / HTTP/1.1\n".to_vec(),
            &vec![0xff, b'\n'],
        ] {
            assert!(paths(bytes, "/nix/store").is_err());
        }
        for bytes in [&path, &latest_json, &vec![], &b"{}".to_vec()] {
            assert!(release(bytes).is_err());
        }
        for bytes in [&path, &release_json, &vec![], &b"{}".to_vec()] {
            assert!(latest(bytes).is_err());
        }
    }

    /// Both files are read past fields that they do not have: one with the fields of both would be signed
    /// as a release, and taken for a statement that holds for ever.
    #[test]
    fn a_release_has_no_room_for_a_statement() {
        let mut both: serde_json::Value = serde_json::from_slice(&manifest(3).to_bytes()).unwrap();
        let statement = serde_json::to_value(statement(3, NOW)).unwrap();
        let fields = statement.as_object().unwrap().clone();
        both.as_object_mut().unwrap().extend(fields);
        let bytes = serde_json::to_vec_pretty(&both).unwrap();
        assert!(Manifest::parse(&bytes).is_ok() && Latest::parse(&bytes).is_ok());
        assert!(refused(release(&bytes)).contains("not as this version"));
        assert!(refused(latest(&bytes)).contains("not as this version"));
    }

    #[test]
    fn a_release_is_named_by_its_number() {
        let mut other = manifest(3);
        other.seq = picket_domain::ReleaseSeq(4);
        assert!(refused(release(&other.to_bytes())).contains("and its number 4"));
    }
}
